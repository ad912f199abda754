import { internalMutation } from "./_generated/server";

/** Sessions that are over; a thousand at a time, since a mutation has its limits. */
export const purge = internalMutation({
  args: {},
  handler: async (ctx) => {
    const over = await ctx.db
      .query("sessions")
      .filter((session) => session.lt(session.field("expires"), Date.now()))
      .take(1000);
    await Promise.all(over.map((session) => ctx.db.delete(session._id)));
    return over.length;
  },
});
