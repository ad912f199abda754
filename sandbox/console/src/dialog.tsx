// A dialog of the browser's own: it takes the focus, keeps it, gives it back, and Escape leaves it.
import { useEffect, useRef, type ReactNode } from "react";

type Props = { label: string; className: string; role?: "alertdialog"; onLeave: () => void; children: ReactNode };

export function Dialog({ label, className, role, onLeave, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    shown?.focus(); // not its first button, which is the one that closes it
    return () => {
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={className}
      role={role}
      tabIndex={-1}
      aria-label={label}
      aria-modal="true"
      onCancel={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onLeave();
      }}
    >
      {children}
    </dialog>
  );
}
