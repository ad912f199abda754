// What can be clicked, chosen or filled in: the page's own native controls.
import { useId, useState, type ReactNode } from "react";
import { Confirm } from "./confirm";
import { withEmoji } from "./emoji";
import { Fill } from "./fill";
import { act, useSurface } from "./surface";
import type { Element, Option } from "./types";

type Props = { block: string; element: Element };
type Asking = { ask: (chosen: object) => void; busy: boolean; after: ReactNode };

// Does it at once, or after the question that the element carries.
function useDeed({ block, element }: Props): Asking {
  const surface = useSurface();
  const [waiting, setWaiting] = useState<object | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const go = async (chosen: object) => {
    setWaiting(null);
    setBusy(true);
    setSaid(await act(surface, block, element, chosen));
    setBusy(false);
  };
  const ask = (chosen: object) => (element.confirm ? setWaiting(chosen) : void go(chosen));
  const after = (
    <>
      {waiting && element.confirm && <Confirm asked={element.confirm} onYes={() => void go(waiting)} onNo={() => setWaiting(null)} />}
      {said && (
        <span role="alert" className="error">
          {said}
        </span>
      )}
    </>
  );
  return { ask, busy, after };
}

function Button({ block, element }: Props) {
  const { ask, busy, after } = useDeed({ block, element });
  const label = withEmoji(element.text?.text ?? "");
  return (
    <>
      <button
        type="button"
        className={`button ${element.style ?? ""}`}
        data-action-id={element.action_id}
        data-block-id={block}
        data-value={element.value}
        aria-label={element.accessibility_label ?? label}
        aria-busy={busy}
        disabled={busy}
        onClick={() => ask({ value: element.value ?? "" })}
      >
        {label}
      </button>
      {after}
    </>
  );
}

function Overflow({ block, element }: Props) {
  const { ask, after } = useDeed({ block, element });
  const [open, setOpen] = useState(false);
  const name = useId();
  const choose = (option: Option) => {
    setOpen(false);
    ask({ selected_option: option });
  };
  return (
    <span className="overflow" onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <button
        type="button"
        className="button"
        aria-label="More"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={name}
        data-action-id={element.action_id}
        onClick={() => setOpen(!open)}
      >
        ⋯
      </button>
      {open && (
        <span id={name} role="menu" className="menu">
          {element.options?.map((option) => (
            <button key={option.value} type="button" role="menuitem" onClick={() => choose(option)}>
              {withEmoji(option.text.text)}
            </button>
          ))}
        </span>
      )}
      {after}
    </span>
  );
}

// A menu or a field outside of an input block tells the bot of each change.
function Telling({ block, element }: Props) {
  const { ask, after } = useDeed({ block, element });
  const label = element.accessibility_label ?? element.placeholder?.text ?? element.action_id ?? element.type;
  return (
    <>
      <Fill block={block} element={element} label={label} onChange={ask} />
      {after}
    </>
  );
}

export function Interactive({ block, element }: Props) {
  if (element.type === "button" || element.type === "workflow_button") return <Button block={block} element={element} />;
  if (element.type === "overflow") return <Overflow block={block} element={element} />;
  return <Telling block={block} element={element} />;
}
