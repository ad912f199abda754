// A person as a coloured square with an initial; Backstop as its own mark.
import type { Member } from "./types";

export function Avatar({ member }: { member: Member | undefined }) {
  const bot = member?.id === "U0BACKSTOP";
  const color = member?.color ? (member.color.startsWith("#") ? member.color : `#${member.color}`) : "#6b7a78";
  return (
    <span className={`avatar ${bot ? "bot" : ""}`} style={bot ? undefined : { background: color }} aria-hidden="true">
      {bot ? <Mark /> : (member?.name ?? "?").slice(0, 1).toUpperCase()}
    </span>
  );
}

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="100%" height="100%" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#155e56" />
      <path d="M8 22V10h3v12zm6-3V13h3v6zm6 3V10h4v3h-1v6h1v3z" fill="#fff" />
    </svg>
  );
}
