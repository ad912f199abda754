// The tables of production with their counts; each opens to its newest rows.
import { useEffect, useRef, useState } from "react";
import type { Row, Table } from "./types";

const FIRST = ["number", "name", "key", "customer", "item", "room", "product", "value", "device", "total", "amount", "stars"]; // what tells a row
const WIDTH = 34; // characters beside each other
const COUNT = new Intl.NumberFormat("en", { useGrouping: true });

export function Stored({ tables }: { tables: Table[] }) {
  return (
    <div className="stored">
      {tables.map((table) => (
        <One key={table.name} table={table} />
      ))}
    </div>
  );
}

function One({ table }: { table: Table }) {
  const change = useChange(table.rows);
  return (
    <details open={table.name === "orders"}>
      <summary>
        <span className="grow">{table.name}</span>
        {change !== 0 && (
          <span className={change < 0 ? "fewer" : "more"}>
            {change > 0 ? "+" : "−"}
            {COUNT.format(Math.abs(change))}
          </span>
        )}
        <span className="count" data-table={table.name}>
          {COUNT.format(table.rows)}
        </span>
      </summary>
      <Newest rows={table.sample} />
    </details>
  );
}

// How a number changed, for the seconds in which somebody may wonder.
function useChange(now: number): number {
  const before = useRef(now);
  const [change, setChange] = useState(0);
  useEffect(() => {
    if (before.current === now) return;
    setChange(now - before.current);
    before.current = now;
    const timer = setTimeout(() => setChange(0), 6000);
    return () => clearTimeout(timer);
  }, [now]);
  return change;
}

const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

// The columns that tell the most, as many as stand beside each other.
function fitting(rows: Row[]): string[] {
  const names = Object.keys(rows[0] ?? {}).filter((name) => !name.startsWith("_"));
  names.sort((one, other) => rank(one) - rank(other));
  const widths = names.map((name) => Math.min(16, Math.max(name.length, ...rows.map((row) => String(row[name] ?? "").length))));
  return names.filter((_, place) => place === 0 || widths.slice(0, place + 1).reduce((sum, width) => sum + width, 0) <= WIDTH);
}

function Newest({ rows }: { rows: Row[] }) {
  const columns = fitting(rows);
  if (!rows.length) return <p className="quiet">No rows.</p>;
  return (
    <div className="rows" tabIndex={0} role="region" aria-label="Newest rows">
      <table>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={String(row["_id"])}>
              {columns.map((name) => (
                <td key={name}>{String(row[name] ?? "–")}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
