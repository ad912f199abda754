// What the command box offers: commands, then their subcommands from the usage hint, then ids that were seen.
import type { Command } from "./types";

export type Choice = { label: string; about: string; text: string };

const WANTS_ID = new Set(["show", "verify", "delete", "undelete", "pin", "unpin"]);
const MOST = 8;

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
    return found.map((each) => ({ label: each, about: `${name} ${each}`, text: `${name} ${each}${WANTS_ID.has(each) ? " " : ""}` }));
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
