// How the page asks the sandbox, and hears of changes.
import { useCallback, useEffect, useRef, useState } from "react";
import { setAhead } from "./times";
import type { Production, State } from "./types";

export type Answer = { ok: boolean; error?: string; errors?: Record<string, string>; said?: string };

export async function post(path: string, body: object): Promise<Answer> {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return (await answer.json()) as Answer;
  } catch {
    return { ok: false, error: "The sandbox does not answer." };
  }
}

// Ask again and again, never twice at once: what is asked for meanwhile is asked once afterwards.
function useAsking<Found>(path: string): { found: Found | null; lost: boolean; ask: () => void } {
  const [found, setFound] = useState<Found | null>(null);
  const [lost, setLost] = useState(false);
  const asking = useRef({ path, busy: false, again: false });
  const ask = useCallback(async () => {
    const now = asking.current;
    if (now.busy) {
      now.again = true;
      return;
    }
    now.busy = true;
    do {
      now.again = false;
      const asked = now.path;
      try {
        const answer = (await (await fetch(asked)).json()) as Found;
        if (asked === now.path) setFound(answer);
        setLost(false);
      } catch {
        setLost(true);
      }
    } while (now.again);
    now.busy = false;
  }, []);
  useEffect(() => {
    asking.current.path = path;
    void ask();
  }, [path, ask]);
  return { found, lost, ask };
}

// What this person sees of the workspace, kept up to date.
export function useWorkspace(user: string): { state: State | null; lost: boolean; refresh: () => void } {
  const { found, lost, ask } = useAsking<State>(`/client/state?user=${user}`);
  const [cut, setCut] = useState(false);
  useEffect(() => {
    const events = new EventSource(`/client/events?user=${user}`);
    events.onopen = () => (setCut(false), ask());
    events.addEventListener("changed", ask);
    events.onerror = () => setCut(true);
    return () => events.close();
  }, [user, ask]);
  return { state: found?.me === user || !found?.me ? found : null, lost: lost || cut, refresh: ask };
}

const LOOK = 2000; // milliseconds between two looks at production

export function useProduction(): { production: Production | null; refresh: () => void } {
  const { found, ask } = useAsking<Production>("/production");
  useEffect(() => {
    const timer = setInterval(() => document.hidden || ask(), LOOK);
    return () => clearInterval(timer);
  }, [ask]);
  useEffect(() => setAhead(found?.clock.ahead ?? 0), [found?.clock.ahead]);
  return { production: found, refresh: ask };
}
