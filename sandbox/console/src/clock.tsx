// The sandbox's time, and ways to move it: what comes by itself need not be waited for.
import { useState } from "react";
import type { Clock as Shown } from "./types";

type Props = { clock: Shown; ask: (path: string, body: object) => Promise<void> };

const DAY = 86_400; // seconds
const ABOUT =
  "Backstop is started again at that time, and does what is due by then. In a new sandbox take a backup first: nothing is due before that.";

const written = (at: string, zone: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
    timeZoneName: "short",
  }).format(new Date(at));

const length = (seconds: number): string => {
  const [count, unit] = seconds < DAY ? [Math.round(seconds / 3600), "hour"] : [Math.round(seconds / DAY), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
};

export function Clock({ clock, ask }: Props) {
  const [moving, setMoving] = useState(false);
  const move = async (to: string) => {
    setMoving(true);
    await ask("clock", { move: to });
    setMoving(false);
  };
  return (
    <details className="clock" open>
      <summary>
        <span className="grow">Clock</span>
        <time className="count" dateTime={clock.at}>
          {written(clock.at, clock.zone)}
        </time>
      </summary>
      <div className="row wrap">
        {clock.moves.map(({ move: to, label, at }) => (
          <button
            key={to}
            type="button"
            className="button small"
            title={written(at, clock.zone)}
            disabled={moving}
            onClick={() => void move(to)}
          >
            {label}
          </button>
        ))}
      </div>
      {clock.ahead > 0 && <p className="quiet">{length(clock.ahead)} ahead of this machine.</p>}
      <p className="quiet">{clock.needs || ABOUT}</p>
    </details>
  );
}
