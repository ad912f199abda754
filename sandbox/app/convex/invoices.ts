import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

export const open = query({
  args: {},
  handler: async (ctx) => {
    const all = await ctx.db.query("invoices").collect();
    return all.filter((invoice) => !invoice.settled);
  },
});

export const settle = mutation({
  args: { number: v.string() },
  handler: async (ctx, args) => {
    const invoice = await ctx.db
      .query("invoices")
      .withIndex("by_number", (found) => found.eq("number", args.number))
      .unique();
    if (invoice) {
      await ctx.db.patch(invoice._id, { settled: true });
    }
  },
});
