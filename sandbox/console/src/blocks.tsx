// A payload block by block: what can be clicked is ours, the rest the library draws.
import { useEffect, useId, useRef } from "react";
import { Drawn } from "./drawn";
import { Interactive } from "./elements";
import { withEmoji } from "./emoji";
import { Fill } from "./fill";
import { useSurface } from "./surface";
import type { Block } from "./types";

const STILL = new Set(["image"]); // accessories that nobody can click

function Actions({ block }: { block: Block }) {
  return (
    <div className="row actions">
      {block.elements?.map((element, place) => (
        <Interactive key={element.action_id ?? place} block={block.block_id ?? ""} element={element} />
      ))}
    </div>
  );
}

function Section({ block }: { block: Block }) {
  const { accessory, ...rest } = block;
  if (!accessory || STILL.has(accessory.type)) return <Drawn blocks={[block]} />;
  return (
    <div className="section">
      <div className="grow">
        <Drawn blocks={[rest]} />
      </div>
      <Interactive block={block.block_id ?? ""} element={accessory} />
    </div>
  );
}

function Input({ block }: { block: Block }) {
  const { errors } = useSurface();
  const name = useId();
  const error = errors[block.block_id ?? ""];
  if (!block.element) return null;
  return (
    <div className={`input ${error ? "wrong" : ""}`}>
      <label htmlFor={name}>
        {withEmoji(block.label?.text ?? "")} {block.optional && <span className="quiet">(optional)</span>}
      </label>
      <Fill block={block.block_id ?? ""} element={block.element} id={name} describedBy={`${name}-said`} invalid={!!error} />
      <p id={`${name}-said`} className={error ? "error" : "quiet"}>
        {error ?? withEmoji(block.hint?.text ?? "")}
      </p>
    </div>
  );
}

function Table({ block }: { block: Block }) {
  const drawn = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The library makes ordinary cells of the first row, which is the head.
    for (const cell of drawn.current?.querySelectorAll("tr:first-child td") ?? []) cell.setAttribute("role", "columnheader");
  }, [block]);
  return (
    <div ref={drawn} className="table" tabIndex={0} role="region" aria-label="Table">
      <Drawn blocks={[block]} />
    </div>
  );
}

const OURS: Record<string, (props: { block: Block }) => React.ReactNode> = {
  actions: Actions,
  section: Section,
  input: Input,
  table: Table,
};

export function Blocks({ blocks }: { blocks: Block[] }) {
  return blocks.map((block, place) => {
    const Ours = OURS[block.type];
    const key = `${block.block_id ?? place}-${block.type}`;
    return Ours ? <Ours key={key} block={block} /> : <Drawn key={key} blocks={[block]} />;
  });
}
