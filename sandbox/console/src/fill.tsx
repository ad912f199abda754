// Fields, menus and boxes: each holds one value of Slack's.
import type { ChangeEvent } from "react";
import { useContext } from "react";
import { PeopleContext } from "./drawn";
import { withEmoji } from "./emoji";
import { initial, useSurface } from "./surface";
import type { Element, Option, Value } from "./types";

type Props = {
  block: string;
  element: Element;
  id?: string;
  label?: string;
  describedBy?: string;
  invalid?: boolean;
  onChange?: (value: Value) => void;
};

const TYPED: Record<string, string> = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
};
const KEY: Record<string, string> = { datepicker: "selected_date", timepicker: "selected_time" };

const options = (element: Element): Option[] => element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];

export function Fill(props: Props) {
  const { block, element, onChange } = props;
  const surface = useSurface();
  const action = element.action_id ?? "";
  const value = surface.values[block]?.[action] ?? initial(element);
  const put = (held: object) => {
    const changed = { type: element.type, ...held };
    surface.set(block, action, changed);
    onChange?.(changed);
  };
  const common = {
    ...(props.id && { id: props.id }),
    "aria-label": props.label,
    "aria-describedby": props.describedBy,
    "aria-invalid": props.invalid || undefined,
    "data-action-id": action,
    "data-block-id": block,
  };
  if (element.type in TYPED) return <Typed element={element} value={value} put={put} common={common} />;
  if (element.type === "checkboxes" || element.type === "radio_buttons")
    return <Boxes element={element} value={value} put={put} common={common} />;
  if (value) return <Menu element={element} value={value} put={put} common={common} />;
  return <em className="quiet">{`The sandbox has no ${element.type}.`}</em>;
}

type Inner = { element: Element; value: Value | undefined; put: (held: object) => void; common: Record<string, unknown> };

function Typed({ element, value, put, common }: Inner) {
  const key = KEY[element.type] ?? "value";
  const shared = {
    ...common,
    className: "field",
    value: String(value?.[key] ?? ""),
    maxLength: element.max_length,
    placeholder: element.placeholder?.text,
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => put({ [key]: event.target.value || null }),
  };
  return element.multiline ? <textarea rows={3} {...shared} /> : <input type={TYPED[element.type]} {...shared} />;
}

function Boxes({ element, value, put, common }: Inner) {
  const many = element.type === "checkboxes";
  const on = (many ? value?.["selected_options"] : [value?.["selected_option"]]) as (Option | null)[];
  const held = new Set(on.map((option) => option?.value));
  const toggle = (option: Option) => {
    if (!many) return put({ selected_option: option });
    const kept = options(element).filter((each) => (each.value === option.value ? !held.has(each.value) : held.has(each.value)));
    return put({ selected_options: kept });
  };
  return (
    <span role={many ? "group" : "radiogroup"} {...common} className="boxes">
      {options(element).map((option) => (
        <label key={option.value}>
          <input type={many ? "checkbox" : "radio"} checked={held.has(option.value)} onChange={() => toggle(option)} />
          <span>
            {withEmoji(option.text.text)}
            {option.description && <small className="quiet">{withEmoji(option.description.text)}</small>}
          </span>
        </label>
      ))}
    </span>
  );
}

function Menu({ element, value, put, common }: Inner) {
  const { members } = useContext(PeopleContext);
  const people = element.type === "users_select";
  const choices = people ? members.map(({ id, name }) => ({ value: id, text: { type: "plain_text", text: name } })) : options(element);
  const chosen = people ? value?.["selected_user"] : (value?.["selected_option"] as Option | null)?.value;
  const choose = (name: string) => {
    const option = choices.find((each) => each.value === name) ?? null;
    put(people ? { selected_user: option?.value ?? null } : { selected_option: option });
  };
  return (
    <select {...common} className="field" value={String(chosen ?? "")} onChange={(event) => choose(event.target.value)}>
      {!chosen && <option value="">{element.placeholder?.text ?? "Choose"}</option>}
      {choices.map((option) => (
        <option key={option.value} value={option.value}>
          {withEmoji(option.text.text)}
        </option>
      ))}
    </select>
  );
}
