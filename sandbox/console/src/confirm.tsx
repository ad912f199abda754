// What is asked before a deed.
import { Dialog } from "./dialog";
import { Words } from "./drawn";
import type { Confirmation } from "./types";

type Props = { asked: Confirmation; onYes: () => void; onNo: () => void };

export function Confirm({ asked, onYes, onNo }: Props) {
  return (
    <Dialog label={asked.title.text} className="confirm" role="alertdialog" onLeave={onNo}>
      <h2>{asked.title.text}</h2>
      <Words text={asked.text.text} />
      <footer className="row end">
        <button type="button" className="button" onClick={onNo}>
          {asked.deny.text}
        </button>
        <button type="button" className={`button ${asked.style === "danger" ? "danger" : "primary"}`} onClick={onYes}>
          {asked.confirm.text}
        </button>
      </footer>
    </Dialog>
  );
}
