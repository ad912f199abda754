// What arrived beside Slack: mails, pages at PagerDuty, and the dead man's switches that silence would set off.
import type { ReactNode } from "react";
import { Moment } from "./times";
import type { Outside as Shown } from "./types";

const SWITCHES: Record<string, string> = {
  heartbeat: "Backstop is alive",
  backups: "The automated backup succeeded",
  "backups/start": "The automated backup began",
  "backups/fail": "The automated backup failed",
};

export function Outside({ outside: { mails, incidents, pings } }: { outside: Shown }) {
  const open = incidents.filter(({ status }) => status !== "resolved").length;
  return (
    <details className="outside">
      <summary>
        <span className="grow">Mail and pages</span>
        {open > 0 && <span className="tag bad">{open === 1 ? "1 page is open" : `${open} pages are open`}</span>}
        <span className="count">{mails.length + incidents.length || ""}</span>
      </summary>
      <Part title="E-mail" none="No mail yet: alerts are mailed, and once a week a test.">
        {mails.map(({ number, subject, to, text, at }) => (
          <Arrived key={number} title={subject} about={`to ${to}`} at={at} text={text} />
        ))}
      </Part>
      <Part title="PagerDuty" none="Nobody was paged yet: P0 alerts are, and once a week a test.">
        {incidents.map(({ id, summary, status, severity, at, text }) => (
          <Arrived key={id} title={summary} about={`${severity}, ${status}`} at={at} text={text} bad={status !== "resolved"} />
        ))}
      </Part>
      <Part title="Dead man's switches" none="No ping yet.">
        {pings.map(({ name, at }) => (
          <p key={name} className="quiet ping">
            {SWITCHES[name] ?? name} · <Moment at={new Date(at)} format="{ago}" />
          </p>
        ))}
      </Part>
    </details>
  );
}

function Part({ title, none, children }: { title: string; none: string; children: ReactNode[] }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {children.length ? children : <p className="quiet">{none}</p>}
    </section>
  );
}

type Thing = { title: string; about: string; at: string; text: string; bad?: boolean };

function Arrived({ title, about, at, text, bad = false }: Thing) {
  return (
    <details className={bad ? "arrived bad" : "arrived"}>
      <summary>
        <span className="grow">
          {title}
          <span className="quiet">
            {about} · <Moment at={new Date(at)} format="{date_short_pretty} {time}" />
          </span>
        </span>
      </summary>
      <p className="text">{text}</p>
    </details>
  );
}
