// Short codes as characters, for labels and menus, where only text can stand.
const CHARACTERS: Record<string, string> = {
  arrows_counterclockwise: "🔄",
  bell: "🔔",
  black_square_for_stop: "⏹️",
  boom: "💥",
  clipboard: "📋",
  construction: "🚧",
  hand: "✋",
  handshake: "🤝",
  hourglass: "⌛",
  hourglass_flowing_sand: "⏳",
  leftwards_arrow_with_hook: "↩️",
  lock: "🔒",
  no_entry: "⛔",
  octagonal_sign: "🛑",
  package: "📦",
  pencil: "✏️",
  pushpin: "📌",
  rotating_light: "🚨",
  warning: "⚠️",
  wastebasket: "🗑️",
  white_check_mark: "✅",
  white_large_square: "⬜",
  x: "❌",
  zap: "⚡",
};

export function withEmoji(text: string): string {
  return text.replace(/:([a-z0-9_+-]+):/g, (code, name: string) => CHARACTERS[name] ?? code);
}
