// Where one can look, and as whom.
import { Avatar, Mark } from "./avatar";
import { HOME } from "./place";
import type { Channel, State } from "./types";
import { useUnread } from "./unread";

type Props = { state: State; at: string; onGo: (at: string) => void; onBecome: (user: string) => void };

export const isDirect = (channel: Channel): boolean => channel.id.startsWith("D");

export function Places({ state, at, onGo, onBecome }: Props) {
  const channels = state.channels.filter((channel) => !isDirect(channel));
  const direct = state.channels.find(isDirect);
  const unread = useUnread(state, at);
  const entry = (id: string, label: string) => (
    <li key={id}>
      <button
        type="button"
        className={`place ${unread.has(id) ? "unread" : ""}`}
        aria-current={id === at ? "page" : undefined}
        onClick={() => onGo(id)}
      >
        {label}
        {unread.has(id) && <span className="dot" role="img" aria-label="unread" />}
      </button>
    </li>
  );
  return (
    <nav className="places" aria-label="Places">
      <h2 className="team">
        <span className="mark">
          <Mark />
        </span>
        {state.team.name}
      </h2>
      <h3>Channels</h3>
      <ul>{channels.map((channel) => entry(channel.id, `# ${channel.name.replace(/^#/, "")}`))}</ul>
      <h3>Backstop</h3>
      <ul>
        {entry(HOME, "Home")}
        {direct && entry(direct.id, "Direct messages")}
      </ul>
      <Persons state={state} onBecome={onBecome} />
      <p className={`link-state ${state.connected ? "" : "bad"}`} role="status">
        <span className="light" aria-hidden="true" />
        {state.connected ? "Backstop is connected" : "Backstop is not connected"}
      </p>
    </nav>
  );
}

function Persons({ state, onBecome }: Pick<Props, "state" | "onBecome">) {
  const persons = state.members.filter((member) => member.switcher);
  return (
    <fieldset className="persons">
      <legend>You are</legend>
      {persons.map((member) => (
        <label key={member.id} className={member.id === state.me ? "chosen" : ""}>
          <input type="radio" name="person" value={member.id} checked={member.id === state.me} onChange={() => onBecome(member.id)} />
          <Avatar member={member} />
          <span>
            <strong>{member.name}</strong>
            <small>{member.title}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
