// One message: who, when, its blocks, and the thread under it.
import { memo, useMemo, useState } from "react";
import { Avatar } from "./avatar";
import { Blocks } from "./blocks";
import { Words } from "./drawn";
import { post } from "./server";
import { collected, SurfaceContext, type Surface } from "./surface";
import { Moment } from "./times";
import { Files } from "./uploaded";
import type { Member, Message as Sent, Values } from "./types";

type Props = { message: Sent; channel: string; user: string; members: Member[] };

const moment = (ts: string): Date => new Date(Number(ts) * 1000);

function Body({ message, channel, user }: Omit<Props, "members">) {
  const [values, setValues] = useState<Values>({});
  const blocks = message.blocks ?? [];
  const surface = useMemo<Surface>(
    () => ({
      user,
      container: { type: "message", channel, ts: message.ts },
      values,
      errors: {},
      set: (block, action, value) => setValues((held) => ({ ...held, [block]: { ...held[block], [action]: value } })),
      state: () => collected(blocks, values),
    }),
    [user, channel, message.ts, blocks, values],
  );
  return (
    <SurfaceContext.Provider value={surface}>
      {blocks.length ? <Blocks blocks={blocks} /> : <Words text={message.text || " "} />}
    </SurfaceContext.Provider>
  );
}

function Thread({ message, ...rest }: Props) {
  const [open, setOpen] = useState(false);
  const replies = message.replies ?? [];
  if (!replies.length) return null;
  const last = replies[replies.length - 1];
  return (
    <div className="thread">
      <button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "▾" : "▸"} {replies.length === 1 ? "1 reply" : `${replies.length} replies`}
        {last && <span className="quiet"> · last {<Moment at={moment(last.ts)} format="{ago}" />}</span>}
      </button>
      {open && replies.map((reply) => <Message key={reply.ts} message={reply} {...rest} />)}
    </div>
  );
}

export const Message = memo(function Message(props: Props) {
  const { message, user, members } = props;
  const author = members.find(({ id }) => id === message.user);
  return (
    <article
      className={`message ${message.ephemeral ? "ephemeral" : ""}`}
      data-ts={message.ts}
      data-ephemeral={message.ephemeral || undefined}
      aria-label={`${author?.name ?? message.user}: ${message.text.slice(0, 150)}`}
    >
      <Avatar member={author} />
      <div className="grow">
        <header>
          <strong>{author?.name ?? message.user}</strong>
          {author?.id === "U0BACKSTOP" && <span className="tag">App</span>}
          <span className="quiet">
            <Moment at={moment(message.ts)} />
            {message.edited && " · edited"}
          </span>
        </header>
        {message.ephemeral && (
          <p className="only">
            Only visible to you ·{" "}
            <button type="button" className="link" onClick={() => void post("/client/dismiss", { user, ts: message.ts })}>
              Dismiss
            </button>
          </p>
        )}
        <Body message={message} channel={props.channel} user={user} />
        {message.files && <Files files={message.files} />}
        <Thread {...props} />
      </div>
    </article>
  );
});
