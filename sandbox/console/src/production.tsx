// Production itself, beside the workspace: what is live, what is stored, and how to change or break it.
import { useState } from "react";
import { Breaking } from "./breaking";
import { Clock } from "./clock";
import { Outside } from "./outside";
import { post, useProduction } from "./server";
import { Stored } from "./stored";
import { Moment } from "./times";
import type { Production as Shown } from "./types";

const CHANGES = [
  ["order", "Place an order"],
  ["delete", "Delete an order"],
  ["purge", "Purge old sessions"],
] as const;
const COMMITS = [
  ["next fix", "Land a fix on main"],
  ["next schema", "Land a schema change on main"],
  ["fix", "Ship a fix"],
  ["schema", "Change the schema"],
] as const;

export function Production() {
  const { production, refresh } = useProduction();
  const [said, setSaid] = useState("");
  const [wrong, setWrong] = useState(false);
  const ask = async (path: string, body: object) => {
    const answer = await post(`/production/${path}`, body);
    setWrong(!answer.ok);
    setSaid(answer.ok ? (answer.said ?? "") : (answer.error ?? ""));
    refresh();
  };
  return (
    <aside className="production" aria-label="Production">
      <header className="bar">
        <h1>Production</h1>
        <span className="quiet">{production?.deployment ?? "…"}</span>
      </header>
      {production && (
        <div className="body">
          <Live production={production} />
          <div className="row wrap">
            {COMMITS.map(([kind, label]) => (
              <button key={kind} type="button" className="button small" onClick={() => void ask("commit", { kind })}>
                {label}
              </button>
            ))}
          </div>
          <h2>Data</h2>
          <div className="row wrap">
            {CHANGES.map(([what, label]) => (
              <button key={what} type="button" className="button small" onClick={() => void ask("change", { what })}>
                {label}
              </button>
            ))}
          </div>
          <p className={wrong ? "error" : "said"} role="status">
            {said}
          </p>
          <Stored tables={production.tables} />
          <Clock clock={production.clock} ask={ask} />
          <Outside outside={production.outside} />
          <Breaking production={production} ask={ask} />
        </div>
      )}
    </aside>
  );
}

function Live({ production: { commit, branch, site, waiting } }: { production: Shown }) {
  return (
    <section aria-label="Live commit" className="live">
      <p>
        <code title={commit.hash}>{commit.hash.slice(0, 7) || "unknown"}</code> <span className="tag">{branch}</span>
      </p>
      <p className="subject">{commit.message}</p>
      {commit.at && (
        <p className="quiet">
          {commit.author} · <Moment at={new Date(commit.at)} format="{ago}" />
        </p>
      )}
      <p className="quiet">
        The site serves <code>{site.commit.slice(0, 7) || "nothing"}</code>
        {site.pinned && " (pinned)"} · {site.maintenance ? <strong>in maintenance</strong> : "open"} ·{" "}
        <a href={site.url} target="_blank" rel="noreferrer">
          look
        </a>
      </p>
      {waiting > 0 && (
        <p className="quiet">
          {waiting} {waiting === 1 ? "commit waits" : "commits wait"} on main for a deploy
        </p>
      )}
    </section>
  );
}
