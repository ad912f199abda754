// Times as Slack shows them: near or relative in the text, exact on hover.
import { useEffect, useState, useSyncExternalStore } from "react";

// The sandbox's clock can be ahead of this machine's: what is near goes by the sandbox's.
let ahead = 0; // milliseconds
const told = new Set<() => void>();
export const setAhead = (seconds: number): void => {
  ahead = seconds * 1000;
  told.forEach((tell) => tell());
};
const listen = (tell: () => void) => {
  told.add(tell);
  return () => void told.delete(tell);
};
const now = (): number => Date.now() + ahead;

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });

export const ago = (at: Date): string => {
  const seconds = (at.getTime() - now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return Math.abs(seconds) < 45 ? "just now" : RELATIVE.format(Math.round(seconds / size), unit);
};

const day = (at: Date, options: Intl.DateTimeFormatOptions, pretty: boolean): string => {
  const midnight = (moment: Date) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  const away = Math.round((midnight(at) - midnight(new Date(now()))) / 86_400_000);
  const near = ({ [-1]: "yesterday", 0: "today", 1: "tomorrow" } as Record<number, string>)[away];
  return pretty && near ? near : new Intl.DateTimeFormat("en-GB", options).format(at);
};

const LONG: Intl.DateTimeFormatOptions = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const PLAIN: Intl.DateTimeFormatOptions = { day: "numeric", month: "long", year: "numeric" };
const SHORT: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };

const TOKENS: Record<string, (at: Date) => string> = {
  ago: (at) => ago(at),
  time: (at) => CLOCK.format(at),
  time_secs: (at) => at.toLocaleTimeString("en-GB"),
  date_num: (at) => at.toLocaleDateString("sv-SE"),
  date: (at) => day(at, PLAIN, false),
  date_pretty: (at) => day(at, PLAIN, true),
  date_short: (at) => day(at, SHORT, false),
  date_short_pretty: (at) => day(at, SHORT, true),
  date_long: (at) => day(at, LONG, false),
  date_long_pretty: (at) => day(at, LONG, true),
};

const written = (format: string, at: Date): string => format.replace(/\{(\w+)\}/g, (whole, name: string) => TOKENS[name]?.(at) ?? whole);

// Draws anew often enough for "2 minutes ago" to stay true.
function useTicks(on: boolean): void {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => tick((count) => count + 1), 20_000);
    return () => clearInterval(timer);
  }, [on]);
}

export function Moment({ at, format = "{time}" }: { at: Date; format?: string }) {
  useTicks(format.includes("{ago}"));
  useSyncExternalStore(listen, () => ahead);
  return (
    <time dateTime={at.toISOString()} title={EXACT.format(at)}>
      {written(format, at)}
    </time>
  );
}
