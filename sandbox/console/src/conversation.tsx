// A channel, or the direct messages with Backstop: the messages, and the box to write in.
import { useEffect, useLayoutEffect, useRef } from "react";
import { Composer } from "./composer";
import { Message } from "./message";
import type { State } from "./types";

type Props = { state: State; channel: string; name: string; about: string };

const NEAR = 120; // pixels from the end: whoever reads there goes on with what comes

export function Conversation({ state, channel, name, about }: Props) {
  const messages = state.messages[channel] ?? [];
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const toEnd = () => {
    if (list.current && follows.current) list.current.scrollTop = list.current.scrollHeight;
  };
  useLayoutEffect(() => {
    follows.current = true;
  }, [channel]);
  useLayoutEffect(toEnd, [messages, channel]);
  useEffect(() => {
    const watched = new ResizeObserver(toEnd);
    if (list.current) watched.observe(list.current);
    return () => watched.disconnect();
  }, []);
  return (
    <>
      <header className="bar">
        <h1>{name}</h1>
        <span className="quiet">{about}</span>
      </header>
      <div
        ref={list}
        className="messages"
        role="log"
        aria-label={`Messages in ${name}`}
        tabIndex={0}
        onScroll={({ currentTarget: box }) => (follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR)}
      >
        {!messages.length && (
          <p className="empty">
            Nothing here yet. Type <kbd>/backup</kbd> below and press Enter.
          </p>
        )}
        {messages.map((message) => (
          <Message key={message.ts} message={message} channel={channel} user={state.me} members={state.members} />
        ))}
      </div>
      <Composer state={state} channel={channel} name={name} />
    </>
  );
}
