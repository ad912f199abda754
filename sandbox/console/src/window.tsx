// A window of the bot's (a modal): inputs keep what was typed while the bot draws it anew.
import { useMemo, useState, type FormEvent } from "react";
import { Blocks } from "./blocks";
import { Dialog } from "./dialog";
import { post } from "./server";
import { collected, isEmpty, SurfaceContext, type Surface } from "./surface";
import type { State, Values, View } from "./types";

type Props = { state: State; view: View };

const NEEDED = "This is needed.";

const missing = (view: View, values: Values): Record<string, string> =>
  Object.fromEntries(
    view.blocks
      .filter((block) => block.type === "input" && !block.optional)
      .filter((block) => isEmpty(values[block.block_id ?? ""]?.[block.element?.action_id ?? ""] ?? { type: "" }))
      .map((block) => [block.block_id ?? "", NEEDED]),
  );

export function Window({ state, view }: Props) {
  const [values, setValues] = useState<Values>({});
  const [found, setFound] = useState<Record<string, string>>({});
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const leave = () => void post("/client/close", { user: state.me, view_id: view.id });
  const surface = useMemo<Surface>(
    () => ({
      user: state.me,
      container: { type: "view", view_id: view.id },
      values,
      errors: { ...state.errors, ...found },
      set: (block, action, value) => setValues((held) => ({ ...held, [block]: { ...held[block], [action]: value } })),
      state: () => collected(view.blocks, values),
    }),
    [state.me, state.errors, view, values, found],
  );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const sent = surface.state();
    const lacking = missing(view, sent);
    setFound(lacking);
    if (Object.keys(lacking).length) return;
    setBusy(true);
    const answer = await post("/client/submit", { user: state.me, view_id: view.id, state: { values: sent } });
    setBusy(false);
    setFound(answer.errors ?? {});
    setSaid(answer.error ?? "");
  };
  return (
    <Dialog label={view.title.text} className="window" onLeave={leave}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <header className="row">
          <h2 className="grow">{view.title.text}</h2>
          <button type="button" className="button plain" aria-label="Close window" onClick={leave}>
            ✕
          </button>
        </header>
        <div className="body" aria-live="polite">
          <SurfaceContext.Provider value={surface}>
            <Blocks blocks={view.blocks} />
          </SurfaceContext.Provider>
          {said && <p className="error">{said}</p>}
        </div>
        <footer className="row end">
          <button type="button" className="button" onClick={leave}>
            {view.close?.text ?? "Close"}
          </button>
          {view.submit && (
            <button type="submit" className="button primary" disabled={busy} aria-busy={busy}>
              {view.submit.text}
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
