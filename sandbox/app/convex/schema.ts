import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  users: defineTable({
    name: v.string(),
    email: v.string(),
    phone: v.optional(v.string()),
    city: v.string(),
    role: v.union(v.literal("customer"), v.literal("staff"), v.literal("owner")),
    active: v.boolean(),
  }).index("by_email", ["email"]),

  products: defineTable({
    name: v.string(),
    kind: v.union(v.literal("room"), v.literal("lesson"), v.literal("equipment")),
    price: v.number(),
    stock: v.number(),
  }),

  orders: defineTable({
    number: v.number(),
    customer: v.string(),
    item: v.string(),
    quantity: v.number(),
    total: v.number(),
    status: v.union(v.literal("placed"), v.literal("paid"), v.literal("sent"), v.literal("cancelled")),
  }).index("by_number", ["number"]),

  bookings: defineTable({
    customer: v.string(),
    room: v.string(),
    from: v.string(),
    nights: v.number(),
    guests: v.number(),
    paid: v.boolean(),
  }).index("by_room", ["room", "from"]),

  invoices: defineTable({
    number: v.string(),
    customer: v.string(),
    amount: v.number(),
    currency: v.string(),
    due: v.string(),
    settled: v.boolean(),
  }).index("by_number", ["number"]),

  reviews: defineTable({
    customer: v.string(),
    product: v.string(),
    stars: v.number(),
    text: v.string(),
  }),

  sessions: defineTable({
    customer: v.string(),
    device: v.string(),
    expires: v.number(),
  }),

  settings: defineTable({
    key: v.string(),
    value: v.union(v.string(), v.number(), v.boolean()),
  }).index("by_key", ["key"]),
});
