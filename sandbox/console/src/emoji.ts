// The short codes that the bot writes, as characters; the library knows the rest where it draws.
const CHARACTERS: Record<string, string> = {
  arrows_counterclockwise: "🔄",
  black_square_for_stop: "⏹️",
  boom: "💥",
  hourglass_flowing_sand: "⏳",
  leftwards_arrow_with_hook: "↩️",
  lock: "🔒",
  no_entry: "⛔",
  octagonal_sign: "🛑",
  package: "📦",
  pushpin: "📌",
  rotating_light: "🚨",
  warning: "⚠️",
  wastebasket: "🗑️",
  white_check_mark: "✅",
  white_large_square: "⬜",
  x: "❌",
  zap: "⚡",
};

export function character(name: string): string | undefined {
  return CHARACTERS[name];
}

export function withEmoji(text: string): string {
  return text.replace(/:([a-z0-9_+-]+):/g, (code, name: string) => CHARACTERS[name] ?? code);
}
