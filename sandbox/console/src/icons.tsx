// The short codes that the bot writes, drawn here: a machine without a font of emoji shows them too.
import type { ReactNode } from "react";

const GREEN = "#2a8a5f";
const RED = "#b8392f";
const AMBER = "#c98a12";
const GREY = "#5b6b67";
const BOX = "#a9713c";

const line = (d: string, stroke: string, width = 2): ReactNode => (
  <path d={d} fill="none" stroke={stroke} strokeWidth={width} strokeLinecap="round" strokeLinejoin="round" />
);
const disc = (fill: string): ReactNode => <circle cx="10" cy="10" r="8.5" fill={fill} />;
const glass = line("M5 2.5h10M5 17.5h10M6 2.5v2.5l4 5-4 5v2.5M14 2.5v2.5l-4 5 4 5v2.5", AMBER, 1.8);
const octagon = <path d="M6.5 1.5h7l5 5v7l-5 5h-7l-5-5v-7z" fill={RED} />;

const DRAWN: Record<string, ReactNode> = {
  white_check_mark: (
    <>
      {disc(GREEN)}
      {line("M6 10.4l2.8 2.8L14.2 7.4", "#fff")}
    </>
  ),
  x: (
    <>
      {disc(RED)}
      {line("M7 7l6 6m0-6l-6 6", "#fff")}
    </>
  ),
  no_entry: (
    <>
      {disc(RED)}
      {line("M6 10h8", "#fff", 2.6)}
    </>
  ),
  octagonal_sign: (
    <>
      {octagon}
      {line("M7 7l6 6m0-6l-6 6", "#fff")}
    </>
  ),
  warning: (
    <>
      <path d="M10 1.8L19 17.6H1z" fill={AMBER} />
      {line("M10 7.2v4.6m0 2.8v.1", "#fff")}
    </>
  ),
  rotating_light: (
    <>
      <path d="M4.5 15a5.5 5.5 0 0 1 11 0z" fill={RED} />
      {line("M3 17.5h14M10 2.5V5M3.6 5.4l1.8 1.8m11-1.8l-1.8 1.8", RED)}
    </>
  ),
  zap: <path d="M11.5 1L3.5 11.5h5L7.5 19l9-11h-5.4z" fill={AMBER} />,
  package: (
    <>
      <path d="M2.5 6L10 2l7.5 4v8.5L10 18.5l-7.5-4z" fill={BOX} />
      {line("M2.8 6.2L10 10l7.2-3.8M10 10v8", "#fff", 1.4)}
    </>
  ),
  bell: (
    <>
      <path d="M10 2a5 5 0 0 0-5 5v4.5L3 15h14l-2-3.5V7a5 5 0 0 0-5-5z" fill={AMBER} />
      {line("M8.2 17.6h3.6", AMBER)}
    </>
  ),
  hourglass: glass,
  hourglass_flowing_sand: glass,
  pencil: (
    <>
      <path d="M13.2 2.8l4 4L7 17l-5 1 1-5z" fill={AMBER} />
      {line("M11.5 4.5l4 4M3.5 14l2.5 2.5", "#fff", 1.3)}
    </>
  ),
  hand: (
    <path
      d="M5 11V5.6a1.2 1.2 0 0 1 2.4 0V3.4a1.2 1.2 0 0 1 2.4 0v-.6a1.2 1.2 0 0 1 2.4 0v1.4a1.2 1.2 0 0 1 2.4 0v7.6c0 4-2 6.7-5 6.7-2.5 0-3.8-1.2-5-3.4L2.4 11.6a1.3 1.3 0 0 1 2.2-1.3z"
      fill={AMBER}
    />
  ),
  construction: (
    <>
      {line("M4.5 11v7m11-7v7", GREY)}
      <rect x="1.5" y="4" width="17" height="7" rx="1.5" fill={AMBER} />
      {line("M5 10.5l3-6m3 6l3-6", "#fff", 1.8)}
    </>
  ),
  clipboard: (
    <>
      <rect x="3.5" y="3" width="13" height="15.5" rx="2" fill={BOX} />
      <rect x="7" y="1.5" width="6" height="3.5" rx="1" fill={GREY} />
      {line("M7 9h6m-6 3.5h6", "#fff", 1.5)}
    </>
  ),
  handshake: (
    <>
      {line("M2 6.5l3-1.5 5 2.5L15 5l3 1.5M2 12l3 1 4.5 3.5 6-4 2.5-.5", BOX, 1.8)}
      {line("M10 7.5L7 10.5c1.2 1.2 2.6.8 4-1l4.5 4", AMBER, 1.8)}
    </>
  ),
  arrows_counterclockwise: line(
    "M3.5 10a6.5 6.5 0 0 1 11.3-4.4L17 7.5m0-4.5v4.5h-4.5M16.5 10a6.5 6.5 0 0 1-11.3 4.4L3 12.5m0 4.5v-4.5h4.5",
    "#2f6fb0",
    1.9,
  ),
  leftwards_arrow_with_hook: line("M7 4L3 8l4 4M3.5 8H12a4.5 4.5 0 0 1 0 9H8", "#2f6fb0"),
  lock: (
    <>
      <rect x="3.5" y="8.5" width="13" height="9.5" rx="2" fill={AMBER} />
      {line("M6.5 8.5V6a3.5 3.5 0 0 1 7 0v2.5", GREY)}
    </>
  ),
  pushpin: (
    <>
      {line("M10 12.5V19", GREY)}
      <path d="M6.5 1.5h7L13 8l3 4.5H4L7 8z" fill={RED} />
    </>
  ),
  wastebasket: line("M3 5.5h14M8 5V2.5h4V5M4.8 5.5l1 12.5h8.4l1-12.5M8.3 9v5.5m3.4-5.5v5.5", GREY, 1.7),
  black_square_for_stop: (
    <>
      <rect x="2" y="2" width="16" height="16" rx="4" fill={GREY} />
      <rect x="6.5" y="6.5" width="7" height="7" fill="#fff" />
    </>
  ),
  white_large_square: <rect x="2.5" y="2.5" width="15" height="15" rx="3" fill="#fff" stroke={GREY} strokeWidth="1.6" />,
  boom: <path d="M10 1l2 4.5L16.5 3 15 7.5l4.5 1.5-4 2.5 2.5 4.5-5-1L11.5 19 9 15l-4.5 2.5.5-5L1 10.5l4.5-2L3.5 4 8 5.5z" fill={RED} />,
};

export function Icon({ name }: { name: string }) {
  const words = name.replaceAll("_", " ");
  return (
    <svg className={`icon ${name}`} viewBox="0 0 20 20" role="img" aria-label={words}>
      <title>{words}</title>
      {DRAWN[name]}
    </svg>
  );
}

export const isDrawn = (name: string): boolean => name in DRAWN;
