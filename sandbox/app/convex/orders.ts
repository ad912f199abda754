import { v } from "convex/values";
import { mutation, query } from "./_generated/server";
import { total } from "./money";

export const latest = query({
  args: { limit: v.optional(v.number()) },
  handler: (ctx, args) =>
    ctx.db
      .query("orders")
      .order("desc")
      .take(args.limit ?? 20),
});

export const place = mutation({
  args: { customer: v.string(), product: v.id("products"), quantity: v.number() },
  handler: async (ctx, args) => {
    const product = await ctx.db.get(args.product);
    if (!product || product.stock < args.quantity) {
      throw new Error("Not enough of it is left.");
    }
    const last = await ctx.db.query("orders").withIndex("by_number").order("desc").first();
    await ctx.db.patch(product._id, { stock: product.stock - args.quantity });
    return ctx.db.insert("orders", {
      number: (last?.number ?? 10_000) + 1,
      customer: args.customer,
      item: product.name,
      quantity: args.quantity,
      total: total([{ price: product.price, quantity: args.quantity }]),
      status: "placed",
    });
  },
});

export const cancel = mutation({
  args: { order: v.id("orders") },
  handler: (ctx, args) => ctx.db.patch(args.order, { status: "cancelled" }),
});
