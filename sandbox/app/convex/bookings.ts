import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const of = query({
  args: { room: v.string() },
  handler: (ctx, args) =>
    ctx.db
      .query("bookings")
      .withIndex("by_room", (found) => found.eq("room", args.room))
      .collect(),
});

export const book = mutation({
  args: { customer: v.string(), room: v.string(), from: v.string(), nights: v.number(), guests: v.number() },
  handler: async (ctx, args) => {
    const taken = await ctx.db
      .query("bookings")
      .withIndex("by_room", (found) => found.eq("room", args.room).eq("from", args.from))
      .first();
    if (taken) {
      throw new Error(`${args.room} is taken from ${args.from} on.`);
    }
    return ctx.db.insert("bookings", { ...args, paid: false });
  },
});
