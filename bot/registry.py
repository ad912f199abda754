"""Every listener with the right it needs, in one table; what is not in it is refused.

A listener has two halves. ``answer`` is pure and takes no time: it is given inside the acknowledgement, in the event loop.
``handle`` is plain sync code that calls ops, run in a worker thread; what it returns is delivered to the person. Either may
be left out. Raise an ``OpsError`` in either: only that person reads it.

A read, answered at once::

    @command("/ops", "help", needs=Right.LOOK).answer
    def explain(request: Request) -> Ack:
        return Ack(ops.overview())

A read that has to look something up (in a thread, inside the acknowledgement if it takes less than two seconds)::

    @command("/backup", "list", needs=Right.LOOK).handle
    def show_list(request: Request, desk: Desk) -> Reply:
        return Reply(message=views.listing(desk.backstop.catalogue.all(), 1, datetime.now(UTC), target))

    @action(Action.PAGE, needs=Right.LOOK).handle      # buttons "backup_page:older", "backup_page:newer"
    def turn_page(request: Request, desk: Desk) -> Reply:
        return shown(request, page(desk, *turn(request.value)), replace=True)

A deed: stored in the inbox before it is acknowledged, handled once, after a crash at the next start::

    full = command("/backup", "full", needs=Right.TAKE, stored=True)

    @full.handle
    def start(request: Request, desk: Desk) -> Reply:
        desk.backstop.journal.start("full backup", {…}, by=request.person.id, environment="production", id=request.operation_id)
        return Reply(message=views.started(…))

A window that needs a slow look first: ``answer`` returns ``Open(looking)``, ``handle`` returns ``Reply(view=…)``, which takes
its place. ``message`` beside it is what the person gets if no window is open any more (after a crash): a sentence and the
button that opens it again. A submission's ``answer`` returns ``Errors({block_id: sentence})`` (nothing is stored), ``Show(view)``
for the next page, or ``Ack()`` to close it; inputs are in ``request.fields`` by action id, so give a block the id of its action.

Every listener must name its right. ``command("/backup", needs=…)`` without a word is the bare command; an unknown word is
answered with the words there are. ``request.operation_id`` is the same each time a row is handled: pass it as the operation's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.requests import Kind, Request
from ops.errors import Refused
from ops.people import Right

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.pictures import Picture

ANY = "*"
"""Instead of a command's first word: whatever was typed."""
Message = Mapping[str, Any]
"""``{"text": …, "blocks": […]}`` as ``chat.postMessage`` takes it."""
View = Mapping[str, Any]
"""A modal or a Home, as ``views.open`` and ``views.publish`` take it."""


@dataclass(frozen=True)
class Ack:
    """Yes; with words that only this person sees (to a command), or closing the window (to a submission)."""

    message: Message | str = ""


@dataclass(frozen=True)
class Open:
    """A window, opened while the trigger lives."""

    view: View
    push: bool = False  # on top of the window they are in


@dataclass(frozen=True)
class Show:
    """To a submission: the window's next page."""

    view: View


@dataclass(frozen=True)
class Errors:
    """To a submission: what is wrong, by block id. Nothing is stored."""

    by_block: Mapping[str, str]


Answer = Ack | Open | Show | Errors


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the person gets when the work is done."""

    message: Message | str | None = None  # to them alone; where `view` cannot be shown, in its place
    view: View | None = None  # in the window that was opened for this, or that they clicked or submitted
    replace: bool = False  # the message takes the place of the one with the button
    picture: Callable[[], Picture | list[Picture]] | None = None  # made and uploaded once the rest is there: beside it, else directly
    directly: bool = False  # the picture to them alone, wherever they asked


class NoListener(Refused):
    """Nothing answers to this."""


Answering = Callable[[Request], Answer]
Handling = Callable[[Request, "Desk"], Reply | None]


@dataclass(kw_only=True)
class Listener:
    """One thing that a person can do, and the right it needs."""

    needs: Right
    stored: bool = False
    answering: Answering | None = None
    handling: Handling | None = None

    def said_at_once(self, request: Request) -> Answer | None:
        """What the fast half says."""
        return self.answering(request) if self.answering else None

    def work(self, request: Request, desk: Desk) -> Reply | None:
        """Run the other half."""
        return self.handling(request, desk) if self.handling else None

    def answer(self, function: Answering) -> Answering:
        """Decorate the fast half."""
        self.answering = function
        return function

    def handle(self, function: Handling) -> Handling:
        """Decorate the half that works."""
        self.handling = function
        return function


@dataclass
class Registry:
    """(kind, name, subcommand) -> listener."""

    listeners: dict[tuple[Kind, str, str], Listener] = field(default_factory=dict)

    def add(self, key: tuple[Kind, str, str], listener: Listener) -> Listener:
        """Register; a name can be given once."""
        if key in self.listeners:
            raise ValueError(f"{key} is registered twice")
        self.listeners[key] = listener
        return listener

    def find(self, request: Request) -> Listener:
        """The listener for this.

        Raises:
            NoListener: there is none: a word that does not exist, or a button of an older version.
        """
        found = self.listeners.get((request.kind, request.name, request.subcommand)) or self.listeners.get(
            (request.kind, request.name, ANY)
        )
        if found is None:
            raise self._unknown(request)
        return found

    def _unknown(self, request: Request) -> NoListener:
        """Say what there is instead."""
        if request.kind is not Kind.COMMAND:
            return NoListener(
                "This message is from an older Backstop: what you clicked no longer exists.", "See `/ops help` for what there is now."
            )
        words = [f"{name} {word}".strip() for kind, name, word in self.listeners if (kind, name) == (Kind.COMMAND, request.name)]
        there_is = ", ".join(f"`{word}`" for word in words)
        typed = f"{request.name} {request.subcommand[:40]}".strip().replace("`", "'")
        wrong = f"There is no `{typed}`." if request.subcommand else f"`{typed}` does nothing alone."
        return NoListener(wrong, f"There is {there_is}." if words else "See `/ops help`.")


REGISTRY = Registry()
"""The one table. Importing ``bot.listeners`` fills it."""


def command(name: str, word: str = "", *, needs: Right, stored: bool = False) -> Listener:
    """A slash command, with its first word."""
    return REGISTRY.add((Kind.COMMAND, name, word), Listener(needs=needs, stored=stored))


def action(name: str, *, needs: Right, stored: bool = False) -> Listener:
    """A button or a menu; what follows a ":" in its action id is not part of the name."""
    return REGISTRY.add((Kind.ACTION, name, ""), Listener(needs=needs, stored=stored))


def submission(callback_id: str, *, needs: Right, stored: bool = False) -> Listener:
    """A window that is sent off."""
    return REGISTRY.add((Kind.SUBMISSION, callback_id, ""), Listener(needs=needs, stored=stored))


def closed(callback_id: str, *, needs: Right, stored: bool = False) -> Listener:
    """A window that is closed (where it asks to be told)."""
    return REGISTRY.add((Kind.CLOSED, callback_id, ""), Listener(needs=needs, stored=stored))


def shortcut(callback_id: str, *, needs: Right, stored: bool = False) -> Listener:
    """A shortcut of the workspace or of a message."""
    return REGISTRY.add((Kind.SHORTCUT, callback_id, ""), Listener(needs=needs, stored=stored))


def event(name: str, *, needs: Right, stored: bool = False) -> Listener:
    """Something that happened, such as ``app_home_opened``."""
    return REGISTRY.add((Kind.EVENT, name, ""), Listener(needs=needs, stored=stored))
