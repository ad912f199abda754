// The command box. Enter sends; arrows, Tab and Enter choose from what it offers; Escape closes the offer.
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { choices, idsIn, unfinished, type Choice } from "./completion";
import { post } from "./server";
import type { State } from "./types";

type Props = { state: State; channel: string; name: string };

const WIDE = "(min-width: 1081px)"; // on a phone the focus would bring up the keyboard

function useSaid(state: State) {
  const [said, setSaid] = useState("");
  const dismiss = (notice?: string) => {
    setSaid("");
    if (notice) void post("/client/dismiss", { user: state.me, notice });
  };
  return { said, setSaid, dismiss };
}

export function Composer({ state, channel, name }: Props) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(-1);
  const [closed, setClosed] = useState(false);
  const { said, setSaid, dismiss } = useSaid(state);
  const box = useRef<HTMLInputElement>(null);
  const list = useId();
  const ids = useMemo(() => idsIn(JSON.stringify(state.messages)), [state.messages]);
  const offered = closed ? [] : choices(text, state.commands, ids);

  useEffect(() => {
    if (matchMedia(WIDE).matches) box.current?.focus({ preventScroll: true });
  }, [channel]);

  const write = (next: string) => {
    setText(next);
    setAt(-1);
    setClosed(false);
  };
  const take = (choice: Choice | undefined) => {
    if (choice) write(choice.text);
    box.current?.focus();
  };
  const send = async () => {
    const wanted = text.trim();
    if (!wanted) return;
    write("");
    const answer = await post(wanted.startsWith("/") ? "/client/command" : "/client/message", { user: state.me, channel, text: wanted });
    setSaid(answer.ok ? "" : (answer.error ?? "That could not be sent."));
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const keys: Record<string, (() => void) | false> = {
      ArrowDown: offered.length > 0 && (() => setAt((at + 1) % offered.length)),
      ArrowUp: offered.length > 0 && (() => setAt((at <= 0 ? offered.length : at) - 1)),
      Tab: offered.length > 0 && !event.shiftKey && (() => take(offered[Math.max(at, 0)])),
      Escape: offered.length > 0 && (() => setClosed(true)),
      Enter: at >= 0 || unfinished(text, offered) ? () => take(offered[Math.max(at, 0)]) : () => void send(),
    };
    const deed = keys[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  };

  return (
    <footer className="composer">
      <div role="alert" className="notices">
        {said && <Said text={said} onDismiss={() => dismiss()} />}
        {state.notices.map((notice) => (
          <Said key={notice.id} text={notice.text} onDismiss={() => dismiss(notice.id)} />
        ))}
      </div>
      {offered.length > 0 && <Offer id={list} offered={offered} at={at} onTake={take} />}
      <div className="row">
        <input
          ref={box}
          className="field grow"
          role="combobox"
          aria-label={`Message ${name}`}
          aria-expanded={offered.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `${list}-${at}` : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder="Message, or / for a command"
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={press}
        />
        <button type="button" className="button primary" disabled={!text.trim()} onClick={() => void send()}>
          Send
        </button>
      </div>
    </footer>
  );
}

function Said({ text, onDismiss }: { text: string; onDismiss: () => void }) {
  return (
    <p className="notice">
      <span>{text}</span>
      <button type="button" className="link" aria-label="Dismiss notice" onClick={onDismiss}>
        Dismiss
      </button>
    </p>
  );
}

type OfferProps = { id: string; offered: Choice[]; at: number; onTake: (choice: Choice) => void };

function Offer({ id, offered, at, onTake }: OfferProps) {
  return (
    <ul id={id} role="listbox" aria-label="Completions" className="offer">
      {offered.map((choice, place) => (
        <li
          key={choice.label}
          id={`${id}-${place}`}
          role="option"
          aria-selected={place === at}
          className={place === Math.max(at, 0) ? "near" : ""}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(choice)}
        >
          <strong>{choice.label}</strong> <span className="quiet">{choice.about}</span>
        </li>
      ))}
    </ul>
  );
}
