/* eslint-disable */
/** Generated `api` utility. */
import type { ApiFromModules, FilterApi, FunctionReference } from "convex/server";
import type * as bookings from "../bookings.js";
import type * as invoices from "../invoices.js";
import type * as money from "../money.js";
import type * as orders from "../orders.js";
import type * as sessions from "../sessions.js";
import type * as settings from "../settings.js";

declare const fullApi: ApiFromModules<{
  bookings: typeof bookings;
  invoices: typeof invoices;
  money: typeof money;
  orders: typeof orders;
  sessions: typeof sessions;
  settings: typeof settings;
}>;
export declare const api: FilterApi<typeof fullApi, FunctionReference<any, "public">>;
export declare const internal: FilterApi<typeof fullApi, FunctionReference<any, "internal">>;
