import { v } from "convex/values";
import { query } from "./_generated/server";

export const read = query({
  args: { key: v.string() },
  handler: async (ctx, args) => {
    const found = await ctx.db
      .query("settings")
      .withIndex("by_key", (index) => index.eq("key", args.key))
      .unique();
    return found?.value ?? null;
  },
});
