"""What went wrong, as the person who asked reads it: what is so, what to do next; a defect is a reference."""

from __future__ import annotations

from bot.views.actions import Action
from bot.views.backup.progress import cancel_button, in_a_line
from bot.views.blocks import Message, actions, button, message, section
from bot.views.text import clean, code, cut, escape, people, prose
from ops.errors import Failed, OpsError
from ops.journal import Busy
from ops.people import NotAllowed

FIELD_LIMIT = 300


def problem(error: OpsError) -> Message:
    """Something a person should read; only who asked sees it."""
    if isinstance(error, Busy):
        return busy(error)
    said = people(prose(error.message, 1500))
    return message(prose(str(error), 1500), section(f"{_mark(error)} {said}", people(prose(error.remedy, 1000))))


def busy(error: Busy) -> Message:
    """Something else is under way there: what, who asked, since when, at which step, and how to stop it, if it still can be."""
    refused = f"{_mark(error)} Cannot start: {error.holder.environment or 'this'} is in use."
    halted = "It is halted: nothing else can start there until a person has decided, on its card or by `/ops status`."
    return message(
        prose(str(error), 1500),
        section(refused, in_a_line(error.holder), halted if error.holder.status == "halted" else prose(error.remedy, 300)),
        actions(
            cancel_button(error.holder) if error.cancellable else None,
            button("Tell me when it is free", Action.TELL_ME, error.holder.environment or ""),
        ),
    )


def _mark(error: OpsError) -> str:
    """Not allowed, failed, or refused."""
    if isinstance(error, NotAllowed):
        return ":lock:"
    return ":x:" if isinstance(error, Failed) else ":no_entry:"


def defect(reference: str) -> Message:
    """Something that should not happen: the log has the rest under the same reference."""
    said = f"Something broke in Backstop, and it is not your doing. The log has it under {code(reference, 60)}."
    remedy = "`/ops status` says what runs. Give the reference to whoever looks after Backstop."
    return message(said, section(f":boom: {said}", remedy))


def in_field(error: OpsError, field: str) -> dict[str, str]:
    """The same under an input of a window."""
    return {str(field): cut(" ".join(clean(str(error)).split()), FIELD_LIMIT)}


def unplaced(channel: str, code_: str) -> Message:
    """A channel of the settings cannot be posted to."""
    said = f"I cannot post in {escape(channel, 80)} ({code(code_, 60)}). What belongs there is kept, and follows once I can."
    return message(said, section(f":warning: {said}", "Invite me there, or correct `[slack]` in `backstop.toml`."))
