// Block Kit that nobody can click, drawn by the library; times, emoji and people are ours.
import { Message, type Block as LibraryBlock } from "slack-blocks-to-jsx";
import { createContext, useContext, useMemo, type ComponentProps } from "react";
import { Icon, isDrawn } from "./icons";
import { Moment } from "./times";
import type { Block, Channel, Member } from "./types";

export type People = { members: Member[]; channels: Channel[] };
export const PeopleContext = createContext<People>({ members: [], channels: [] });

type Hooks = NonNullable<ComponentProps<typeof Message>["hooks"]>;

const HOOKS: Hooks = {
  user: ({ id, name }) => <span className="mention">@{name || id}</span>,
  channel: ({ id, name }) => <span className="mention">#{name || id}</span>,
  date: ({ timestamp, format }) => <Moment at={new Date(Number(timestamp) * 1000)} format={format} />,
  emoji: (data, parse) => (isDrawn(data.name) ? <Icon name={data.name} /> : parse(data)),
};

// The library reads entities before it looks for mentions, so that what somebody typed as "<!channel>" would look like one.
// Slack shows it as typed; an invisible joint beside each bracket has the library do so too (and add no space of its own).
const JOINT = "\u2060";
const asTyped = (blocks: Block[]): LibraryBlock[] =>
  JSON.parse(JSON.stringify(blocks).replaceAll("&lt;", `&lt;${JOINT}`).replaceAll("&gt;", `${JOINT}>`)) as LibraryBlock[];

export function Drawn({ blocks }: { blocks: Block[] }) {
  const { members, channels } = useContext(PeopleContext);
  const data = useMemo(() => ({ users: members.map(({ id, name }) => ({ id, name })), channels, user_groups: [] }), [members, channels]);
  const shown = useMemo(() => asTyped(blocks), [blocks]);
  return <Message withoutWrapper theme="light" name="" logo="" blocks={shown} data={data} hooks={HOOKS} />;
}

export function Words({ text }: { text: string }) {
  return <Drawn blocks={[{ type: "section", text: { type: "mrkdwn", text } }]} />;
}
