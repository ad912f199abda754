// What can be made to go wrong: each a switch, and each can be made right again.
import type { Production } from "./types";

type Props = { production: Production; ask: (path: string, body: object) => Promise<void> };

export function Breaking({ production: { switches, faults }, ask }: Props) {
  const on = Object.keys(faults).length;
  const groups = [...new Set(switches.map(({ group }) => group))];
  return (
    <details className="breaking">
      <summary>
        <span className="grow">Break it</span>
        {on > 0 && <span className="tag bad">{on === 1 ? "1 thing is broken" : `${on} things are broken`}</span>}
      </summary>
      {groups.map((group) => (
        <fieldset key={group}>
          <legend>{group}</legend>
          {switches
            .filter((each) => each.group === group)
            .map(({ place, fault, label }) => (
              <label key={label}>
                <input
                  type="checkbox"
                  role="switch"
                  data-fault={`${place}:${fault}`}
                  checked={faults[place] === fault}
                  onChange={(event) => void ask("fault", { place, fault: event.target.checked ? fault : null })}
                />
                {label}
              </label>
            ))}
        </fieldset>
      ))}
      <fieldset>
        <legend>Backstop itself</legend>
        <button type="button" className="button small danger" onClick={() => void ask("bot", { what: "kill" })}>
          Kill the bot
        </button>
        <p className="quiet">It is started again at once, and goes on with what it left.</p>
      </fieldset>
    </details>
  );
}
