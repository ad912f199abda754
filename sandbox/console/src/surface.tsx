// Where blocks stand (a message, a window, Home), what was typed into them there, and how a click leaves the page.
import { createContext, useContext } from "react";
import { post } from "./server";
import type { Block, Container, Element, Value, Values } from "./types";

export type Surface = {
  user: string;
  container: Container;
  values: Values;
  errors: Record<string, string>;
  set: (block: string, action: string, value: Value) => void;
  state: () => Values;
};

export const SurfaceContext = createContext<Surface | null>(null);

export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (!surface) throw new Error("blocks are drawn outside of any surface");
  return surface;
}

export async function act(surface: Surface, block: string, element: Element, chosen: object): Promise<string> {
  const { user, container } = surface;
  const action = { block_id: block, action_id: element.action_id, type: element.type, ...chosen };
  const answer = await post("/client/action", { user, container, ...action, state: { values: surface.state() } });
  return answer.ok ? "" : (answer.error ?? "");
}

// What an element holds before anybody touches it; undefined for those that hold nothing.
export function initial(element: Element): Value | undefined {
  const { type } = element;
  switch (type) {
    case "plain_text_input":
    case "email_text_input":
    case "url_text_input":
    case "number_input":
      return { type, value: element.initial_value ?? null };
    case "static_select":
    case "radio_buttons":
      return { type, selected_option: element.initial_option ?? null };
    case "checkboxes":
    case "multi_static_select":
      return { type, selected_options: element.initial_options ?? [] };
    case "datepicker":
      return { type, selected_date: element.initial_date ?? null };
    case "timepicker":
      return { type, selected_time: element.initial_time ?? null };
    case "users_select":
      return { type, selected_user: element.initial_user ?? null };
    default:
      return undefined;
  }
}

export const elements = (block: Block): Element[] => [
  ...(block.elements ?? []),
  ...[block.element, block.accessory].filter((each) => !!each),
];

// Every input's value, touched or not: what Slack sends with a click or a submission.
export function collected(blocks: Block[], touched: Values): Values {
  const found: Values = {};
  for (const block of blocks) {
    for (const element of elements(block)) {
      const [id, action] = [block.block_id ?? "", element.action_id ?? ""];
      const value = touched[id]?.[action] ?? initial(element);
      if (value) (found[id] ??= {})[action] = value;
    }
  }
  return found;
}

export const isEmpty = (value: Value): boolean =>
  Object.entries(value).every(([key, held]) => key === "type" || held === null || held === "" || (Array.isArray(held) && !held.length));
