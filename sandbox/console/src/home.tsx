// App Home: asked for each time somebody opens it.
import { useEffect, useMemo, useState } from "react";
import { Blocks } from "./blocks";
import { post } from "./server";
import { collected, SurfaceContext, type Surface } from "./surface";
import type { State, Values } from "./types";

export function Home({ state }: { state: State }) {
  const { me, home } = state;
  const [values, setValues] = useState<Values>({});
  useEffect(() => void post("/client/home", { user: me }), [me]);
  const surface = useMemo<Surface>(
    () => ({
      user: me,
      container: { type: "view", view_id: home?.id ?? "" },
      values,
      errors: {},
      set: (block, action, value) => setValues((held) => ({ ...held, [block]: { ...held[block], [action]: value } })),
      state: () => collected(home?.blocks ?? [], values),
    }),
    [me, home, values],
  );
  return (
    <>
      <header className="bar">
        <h1>Backstop</h1>
        <span className="quiet">Home</span>
      </header>
      <div className="messages home" role="region" aria-label="App Home" tabIndex={0}>
        <SurfaceContext.Provider value={surface}>
          {home ? <Blocks blocks={home.blocks} /> : <p className="empty">Backstop has not drawn its Home yet.</p>}
        </SurfaceContext.Provider>
      </div>
    </>
  );
}
