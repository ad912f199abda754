// What the command box offers: commands, then their subcommands from the usage hint, then ids that were seen.
import type { Command } from "./types";

export type Choice = { label: string; about: string; text: string };

const WANTS_ID = new Set(["show", "verify", "delete", "undelete", "pin", "unpin"]);
const MOST = 8;

const ABOUT: Record<string, string> = {
  quick: "the commit that production is at",
  full: "the commit and every table",
  list: "what there is, newest first",
  show: "one backup with its tables",
  verify: "look again whether it is sound",
  delete: "move one to the trash",
  undelete: "bring one back from the trash",
  pin: "keep one whatever retention says",
  unpin: "let retention decide again",
  status: "what runs, and what is safe",
  cancel: "stop a backup that runs",
  help: "all of this",
};

// "[quick|full|list] …" names three.
export const subcommands = (hint: string): string[] => /\[([\w|-]+)\]/.exec(hint)?.[1]?.split("|") ?? [];

export const idsIn = (text: string): string[] => [...new Set(text.match(/\b(?:quick|full)-\d{13}\b/g) ?? [])].sort().reverse();

export function choices(text: string, commands: Command[], ids: string[]): Choice[] {
  if (!text.startsWith("/")) return [];
  const words = text.split(/\s+/);
  const [name = "", sub = "", id = ""] = words;
  const command = commands.find((each) => each.command === name);
  if (words.length === 1) {
    const found = commands.filter((each) => each.command.startsWith(name));
    return found.map((each) => ({ label: each.command, about: each.description, text: `${each.command} ` }));
  }
  if (!command) return [];
  if (words.length === 2) {
    const found = subcommands(command.usage_hint).filter((each) => each.startsWith(sub));
    return found.map((each) => ({ label: each, about: ABOUT[each] ?? "", text: `${name} ${each}${WANTS_ID.has(each) ? " " : ""}` }));
  }
  if (words.length > 3 || !WANTS_ID.has(sub)) return [];
  const found = ids.filter((each) => each.startsWith(id) && each !== id);
  return found.slice(0, MOST).map((each) => ({ label: each, about: "", text: `${name} ${sub} ${each}` }));
}

// Whether Enter should finish the word rather than send: it is no command, or no subcommand, yet.
export function unfinished(text: string, offered: Choice[]): boolean {
  const last = text.split(/\s+/).at(-1) ?? "";
  return last !== "" && offered.length > 0 && !offered.some((choice) => choice.label === last);
}
