// The whole page: places, conversation and production side by side; on a phone one at a time.
import { useMemo, useState } from "react";
import { Conversation } from "./conversation";
import { PeopleContext } from "./drawn";
import { Home } from "./home";
import { HOME, usePlace } from "./place";
import { isDirect, Places } from "./places";
import { Production } from "./production";
import { useWorkspace } from "./server";
import type { State } from "./types";
import { Window } from "./window";

const TABS = [
  ["places", "Places"],
  ["conversation", "Conversation"],
  ["production", "Production"],
] as const;
type Tab = (typeof TABS)[number][0];

const ABOUT: Record<string, string> = { engineering: "backups, deploys, what changes", incidents: "when something is wrong" };

export function Page() {
  const [place, go] = usePlace();
  const [tab, setTab] = useState<Tab>("conversation");
  const { state, lost } = useWorkspace(place.user);
  const people = useMemo(() => ({ members: state?.members ?? [], channels: state?.channels ?? [] }), [state?.members, state?.channels]);
  const look = (at: string) => {
    go({ at });
    setTab("conversation");
  };
  const become = (user: string) => go({ user, at: place.at.startsWith("D") ? HOME : place.at }); // direct messages are each their own
  return (
    <PeopleContext.Provider value={people}>
      {lost && (
        <p className="lost" role="alert">
          The sandbox does not answer. Start it again with <code>make demo</code>; this page comes back by itself.
        </p>
      )}
      <Tabs tab={tab} onTurn={setTab} />
      <div className="columns" data-tab={tab}>
        {state ? <Places key={state.me} state={state} at={place.at} onGo={look} onBecome={become} /> : <nav className="places" />}
        <main className="conversation">{state && <Shown key={state.me} state={state} at={place.at} />}</main>
        <Production />
      </div>
      {state && <Front state={state} />}
    </PeopleContext.Provider>
  );
}

function Tabs({ tab, onTurn }: { tab: Tab; onTurn: (tab: Tab) => void }) {
  return (
    <nav className="tabs" aria-label="Parts of the page">
      {TABS.map(([id, label]) => (
        <button key={id} type="button" aria-current={id === tab ? "true" : undefined} onClick={() => onTurn(id)}>
          {label}
        </button>
      ))}
    </nav>
  );
}

function Shown({ state, at }: { state: State; at: string }) {
  if (at === HOME) return <Home state={state} />;
  const channel = state.channels.find(({ id }) => id === at) ?? state.channels[0];
  if (!channel) return null;
  const plain = channel.name.replace(/^#/, "");
  const name = isDirect(channel) ? "Backstop" : `#${plain}`;
  return (
    <Conversation state={state} channel={channel.id} name={name} about={isDirect(channel) ? "direct messages" : (ABOUT[plain] ?? "")} />
  );
}

// The window on top; those beneath wait.
function Front({ state }: { state: State }) {
  const view = state.views.at(-1);
  return view ? <Window key={view.id} state={state} view={view} /> : null;
}
