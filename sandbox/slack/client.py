"""The workspace in the hands of a test: what people do and see, from any thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from sandbox.serving import Serving
from sandbox.slack import shown
from sandbox.slack.deeds import Deeds, Outcome
from sandbox.slack.messages import Message
from sandbox.slack.pointing import at, choosing, is_gone, of_old
from sandbox.slack.shown import Shown, View
from sandbox.slack.sockets import Envelope
from sandbox.slack.state import Values, filled, initial
from sandbox.slack.windows import Window
from sandbox.slack.workspace import Workspace

_T = TypeVar("_T")
Place = Shown | View
Fields = Mapping[str, Any]

_ANYBODY = "U0ALICE"

_LIMIT = 60.0  # seconds that a deed may take on a busy machine
_PAUSE = 0.01  # seconds between two looks


class Client:
    """Alice's hands and eyes, and everybody's: each call says whose."""

    def __init__(self, workspace: Workspace, deeds: Deeds, serving: Serving) -> None:
        self._workspace, self._deeds, self._serving = workspace, deeds, serving

    def command(self, text: str, user: str = "U0ALICE", channel: str = "C0ENGINEERING") -> Outcome:
        """Type a slash command."""
        return self._do(self._deeds.command(user, channel, text))

    def click(self, place: Place, action: str, user: str = "", fields: Fields | None = None) -> Outcome:
        """Press a button, by its label or action id; ``fields`` are filled before, by action id.

        Who does it is Alice, or whoever alone sees it. In a message that has changed since it was looked at, what was
        there then is pressed; an action id that is not in it at all is one of an older bot's.
        """
        return self._do(self._clicked(place, action, user, fields or {}))

    def choose(self, place: Place, action: str, value: Any, user: str = "") -> Outcome:
        """Choose from a menu, by the option's value or label."""
        return self._do(self._chosen(place, action, value, user))

    def submit(self, view: View, fields: Fields | None = None, user: str = "") -> Outcome:
        """Send a modal off, after filling these fields by action id."""
        return self._do(self._submitted(view, fields or {}, user))

    def close(self, view: View, user: str = "") -> Outcome:
        """Close a modal."""
        _who(view, user)
        return self._do(self._deeds.close(view.window))

    def open_home(self, user: str = "U0ALICE") -> Outcome:
        """Look at App Home."""
        return self._do(self._deeds.open_home(user))

    def say(self, text: str, user: str = "U0ALICE", channel: str = "C0ENGINEERING") -> Shown:
        """Write something that is no command."""
        return self._look(lambda: shown.message(self._workspace.say(channel, user, text)))

    def delete(self, message: Shown) -> None:
        """Take a message away, as its channel's people may."""
        self._look(lambda: self._workspace.remove(message.message))

    def deliver_again(self, outcome: Outcome) -> Outcome:
        """Send what was sent once more, in a new envelope: a redelivery."""
        if outcome.envelope is None:
            raise ValueError("nothing was sent")
        sent = outcome.envelope
        again = Envelope(type=sent.type, payload=sent.payload, attempt=sent.attempt + 1, reason="timeout")
        return self._do(self._deeds.send(again))

    def send_raw(self, kind: str, payload: Mapping[str, Any]) -> Outcome:
        """Send any envelope."""
        return self._do(self._deeds.send(Envelope(type=kind, payload=payload)))

    def messages(self, channel: str = "C0ENGINEERING") -> list[Shown]:
        """What everybody sees in a channel, oldest first; what is in threads too."""
        return self._look(lambda: [shown.message(each) for each in self._workspace.in_channel(channel)])

    def thread(self, message: Shown) -> list[Shown]:
        """What was replied to a message."""
        return [each for each in self.messages(message.channel) if each.thread_ts == message.ts]

    def ephemerals(self, user: str = "U0ALICE", channel: str = "") -> list[Shown]:
        """What only this person sees, oldest first."""
        found = self._look(lambda: [shown.message(each) for each in self._workspace.only_for(user)])
        return [each for each in found if channel in ("", each.channel)]

    def direct(self, user: str) -> list[Shown]:
        """The bot's direct messages with somebody."""
        return self.messages(self._look(lambda: self._workspace.direct(user).id))

    def again(self, message: Shown) -> Shown | None:
        """A message as it is now; None if it is gone."""
        found = self._look(lambda: self._workspace.seen(message.channel, message.ts))
        return shown.message(found) if found else None

    def view(self, user: str = "U0ALICE") -> View | None:
        """The modal that somebody is looking at."""
        return self._look(lambda: _seen(self._deeds.windows.top(user)))

    def home(self, user: str = "U0ALICE") -> View | None:
        """Somebody's App Home."""
        return self._look(lambda: _seen(self._deeds.windows.homes.get(user)))

    def notices(self, user: str = "U0ALICE") -> list[str]:
        """What Slack itself told somebody."""
        return self._look(lambda: [notice["text"] for notice in self._deeds.notices.of(user)])

    def wait(self, condition: Callable[[], _T], what: str = "something", limit: float = 30) -> _T:
        """Look until it is so; what then was seen.

        Raises:
            TimeoutError: it was not so for as long as the limit.
        """
        end = time.monotonic() + limit
        while not (found := condition()):
            if time.monotonic() > end:
                raise TimeoutError(f"{what} did not come within {limit:g} s")
            time.sleep(_PAUSE)
        return found

    def wait_for_message(self, channel: str, predicate: Callable[[Shown], object], limit: float = 30) -> Shown:
        """The newest message in a channel of which this is true, as soon as there is one."""

        def newest() -> Shown | None:
            return next((each for each in reversed(self.messages(channel)) if predicate(each)), None)

        found = self.wait(newest, f"a message in {channel}", limit)
        assert found is not None  # noqa: S101  # wait returns what is true only
        return found

    async def _clicked(self, place: Place, action: str, user: str, fields: Fields) -> Outcome:
        who, values = _who(place, user), self._filled(place, fields)
        gone = isinstance(place, Shown) and is_gone(place.blocks, action)
        use = of_old(place.blocks, action, who) if gone else at(place.blocks, action, who, values)
        return await self._deeds.use(use, _target(place))

    async def _chosen(self, place: Place, action: str, value: Any, user: str) -> Outcome:
        use = choosing(at(place.blocks, action, _who(place, user), self._filled(place, {})), value)
        if isinstance(place, View):
            place.window.values = {**place.window.values, **use.values}
        return await self._deeds.use(use, _target(place))

    async def _submitted(self, view: View, fields: Fields, user: str) -> Outcome:
        _who(view, user)
        window = view.window
        window.values = filled(window.blocks, window.values, fields)
        return await self._deeds.submit(window)

    def _filled(self, place: Place, fields: Fields) -> Values:
        """The state around what is used; in a window it stays."""
        if isinstance(place, Shown):
            return filled(place.blocks, initial(place.blocks), fields)
        place.window.values = filled(place.window.blocks, place.window.values, fields)
        return place.window.values

    def _do(self, deed: Coroutine[Any, Any, Outcome]) -> Outcome:
        return self._serving.run(deed, _LIMIT)

    def _look(self, question: Callable[[], _T]) -> _T:
        return self._serving.ask(question)


def _target(place: Place) -> Message | Window:
    return place.message if isinstance(place, Shown) else place.window


def _who(place: Place, user: str) -> str:
    """Who does it: what only one person sees, only that person can use."""
    owner = place.user if isinstance(place, View) else place.message.to
    if owner and user not in ("", owner):
        raise ValueError(f"this is shown to {owner} only")
    return user or owner or _ANYBODY


def _seen(window: Window | None) -> View | None:
    return shown.view(window) if window else None
