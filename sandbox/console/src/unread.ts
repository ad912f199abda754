// Which channels have something that this person has not looked at since the page was opened.
import { useEffect, useState } from "react";
import type { State } from "./types";

type Seen = Record<string, string>; // channel -> the last message that was there

const last = (state: State, channel: string): string => state.messages[channel]?.at(-1)?.ts ?? "";
const everywhere = (state: State): Seen => Object.fromEntries(state.channels.map(({ id }) => [id, last(state, id)]));

export function useUnread(state: State, at: string): Set<string> {
  const [seen, setSeen] = useState<Seen>(() => everywhere(state));
  const here = last(state, at);
  useEffect(() => setSeen((before) => ({ ...before, [at]: here })), [at, here]);
  const unread = state.channels.filter(({ id }) => id !== at && last(state, id) > (seen[id] ?? ""));
  return new Set(unread.map(({ id }) => id));
}
