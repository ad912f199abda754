// What the sandbox's Slack tells the page, and Block Kit as far as the page looks into it itself.

export type Member = { id: string; name: string; title?: string; color?: string; switcher?: boolean };
export type Channel = { id: string; name: string };
export type Command = { command: string; description: string; usage_hint: string };
export type Notice = { id: string; text: string };

export type Text = { type: string; text: string };
export type Option = { text: Text; value: string; description?: Text };
export type Confirmation = { title: Text; text: Text; confirm: Text; deny: Text; style?: string };

export type Element = {
  type: string;
  action_id?: string;
  text?: Text;
  value?: string;
  style?: string;
  url?: string;
  accessibility_label?: string;
  placeholder?: Text;
  confirm?: Confirmation;
  options?: Option[];
  option_groups?: { label: Text; options: Option[] }[];
  initial_option?: Option;
  initial_options?: Option[];
  initial_value?: string;
  initial_date?: string;
  initial_time?: string;
  initial_user?: string;
  multiline?: boolean;
  max_length?: number;
};

export type Block = {
  type: string;
  block_id?: string;
  text?: Text;
  fields?: Text[];
  accessory?: Element;
  elements?: Element[];
  label?: Text;
  hint?: Text;
  element?: Element;
  optional?: boolean;
  dispatch_action?: boolean;
};

export type Uploaded = { id: string; title: string; mimetype: string; alt_txt: string; url_private: string };

export type Message = {
  ts: string;
  user: string;
  text: string;
  blocks?: Block[];
  ephemeral?: boolean;
  edited?: boolean;
  replies?: Message[];
  files?: Uploaded[];
};

export type View = { id: string; title: Text; blocks: Block[]; submit?: Text; close?: Text };

export type State = {
  team: { id: string; name: string };
  me: string;
  members: Member[];
  channels: Channel[];
  messages: Record<string, Message[]>;
  views: View[];
  home: View | null;
  errors: Record<string, string>;
  commands: Command[];
  connected: number;
  notices: Notice[];
};

export type Row = Record<string, unknown>;
export type Table = { name: string; rows: number; sample: Row[] };
export type Switch = { place: string; fault: string; label: string; group: string };

export type Clock = {
  at: string;
  zone: string;
  ahead: number; // seconds, of this machine
  moves: { move: string; label: string; at: string }[];
  needs: string;
};
export type Mail = { number: number; to: string; subject: string; text: string; at: string };
export type Incident = { id: string; summary: string; severity: string; status: string; text: string; at: string };
export type Outside = { mails: Mail[]; incidents: Incident[]; pings: { name: string; at: string }[] };

export type Production = {
  commit: { hash: string; message: string; author: string; at: string };
  branch: string;
  waiting: number;
  site: { url: string; commit: string; maintenance: boolean; pinned: boolean };
  deployment: string;
  tables: Table[];
  faults: Record<string, string>;
  switches: Switch[];
  clock: Clock;
  outside: Outside;
};

// One input's value as Slack sends it on: its type, and the key that this type has.
export type Value = { type: string; [key: string]: unknown };
export type Values = Record<string, Record<string, Value>>;
export type Container = { type: "message"; channel: string; ts: string } | { type: "view"; view_id: string };
