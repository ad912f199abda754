"""What a person does, and what Slack makes of the app's acknowledgement. In the server's loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.slack import shown
from sandbox.slack.limits import judge_view
from sandbox.slack.messages import Message
from sandbox.slack.notices import Notices
from sandbox.slack.payloads import Payloads, Use
from sandbox.slack.recording import record
from sandbox.slack.refusals import Refusal
from sandbox.slack.responses import Responses
from sandbox.slack.sockets import NOBODY, TIMEOUT, Delivery, Envelope, Sockets
from sandbox.slack.state import wrong
from sandbox.slack.windows import Window, Windows

BAD_ANSWER = "invalid_command_response"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it."""

    error: str = ""  # operation_timeout, dispatch_failed, invalid_command_response; "" when all is well
    milliseconds: float = 0.0  # until the acknowledgement
    response: Mapping[str, Any] = field(default_factory=dict)  # what was acknowledged with
    ephemeral: shown.Shown | None = None  # the words of the acknowledgement
    errors: Mapping[str, str] = field(default_factory=dict)  # of a submission, by block id
    envelope: Envelope | None = field(default=None, repr=False)  # None: nothing was sent, Slack itself stopped it

    @property
    def acked(self) -> bool:
        """Whether the app acknowledged in time."""
        return self.envelope is not None and self.error not in {TIMEOUT, NOBODY}

    @property
    def trigger(self) -> str:
        """The trigger that was sent along."""
        return str(self.envelope.payload.get("trigger_id", "")) if self.envelope else ""

    @property
    def response_url(self) -> str:
        """The response address that was sent along."""
        return str(self.envelope.payload.get("response_url", "")) if self.envelope else ""


@dataclass(frozen=True, kw_only=True)
class Deeds:
    """Everything that can be done."""

    payloads: Payloads
    sockets: Sockets
    windows: Windows
    responses: Responses
    notices: Notices

    async def command(self, user: str, channel: str, text: str) -> Outcome:
        """Send a slash command."""
        outcome = await self.send(Envelope(type="slash_commands", payload=self.payloads.command(user, channel, text)))
        command = text.partition(" ")[0]
        if outcome.error:
            self.notices.add(user, f"{command} failed with the error “{outcome.error}”")
            return outcome
        try:
            return replace(outcome, ephemeral=self._answered(outcome.response, user, channel))
        except Refusal as refusal:
            self.notices.add(user, f"{command} failed with the error “{BAD_ANSWER}” ({refusal.code})")
            return replace(outcome, error=BAD_ANSWER)

    async def use(self, use: Use, place: Message | Window) -> Outcome:
        """Press a button or choose something."""
        payload = self.payloads.in_message(use, place) if isinstance(place, Message) else self.payloads.in_window(use, place)
        outcome = await self.send(Envelope(type="interactive", payload=payload))
        if outcome.error:
            self.notices.add(use.user, f"Backstop did not answer in time ({outcome.error})")
        return outcome

    async def submit(self, window: Window) -> Outcome:
        """Send a modal off, with what is in it."""
        window.errors = wrong(window.blocks, window.values)
        if window.errors:
            return Outcome(errors=window.errors)
        outcome = await self.send(Envelope(type="interactive", payload=self.payloads.submission(window)))
        if outcome.error:
            return self._unconnected(window, outcome)
        try:
            gone = self._acted(window, outcome.response)
        except Refusal as refusal:
            return self._unconnected(window, replace(outcome, error=NOBODY), refusal)
        await self._tell_closed(gone, cleared=True)
        return replace(outcome, errors=window.errors)

    async def close(self, window: Window) -> Outcome:
        """Close a modal, and what is on top of it."""
        gone = self.windows.close(window)
        return await self._tell_closed(gone, cleared=False)

    async def open_home(self, user: str) -> Outcome:
        """Look at App Home. Events that are not acknowledged come again."""
        payload = self.payloads.home_opened(user, self.windows.homes.get(user))
        outcome = await self.send(Envelope(type="events_api", payload=payload))
        if outcome.acked:
            return outcome
        return await self.send(Envelope(type="events_api", payload=payload, attempt=1, reason="timeout"))

    async def send(self, envelope: Envelope) -> Outcome:
        """Send any envelope; the acknowledgement has no consequences."""
        delivery: Delivery = await self.sockets.deliver(envelope)
        return Outcome(error=delivery.error, milliseconds=delivery.milliseconds, response=delivery.payload, envelope=envelope)

    def _answered(self, response: Mapping[str, Any], user: str, channel: str) -> shown.Shown | None:
        """An acknowledgement with words shows them."""
        if not response.get("text") and not response.get("blocks"):
            return None
        message = self.responses.respond(channel, user, response)
        return shown.message(message) if message else None

    def _acted(self, window: Window, response: Mapping[str, Any]) -> list[Window]:
        """Do with the modal what the acknowledgement says; those that were closed by it."""
        action = response.get("response_action")
        if action is None:
            self.windows.close(window)
            return []
        return _ACTIONS[action](self, window, response) if action in _ACTIONS else _refuse()

    def _errors(self, window: Window, response: Mapping[str, Any]) -> list[Window]:
        inputs = {block["block_id"] for block in window.blocks if block.get("type") == "input"}
        errors = response.get("errors") or {}
        if not errors or set(errors) - inputs:
            raise Refusal("invalid_arguments", [f"no such input: {sorted(set(errors) - inputs)}"])
        window.errors = dict(errors)
        return []

    def _update(self, window: Window, response: Mapping[str, Any]) -> list[Window]:
        judge_view(response.get("view"), "modal")
        record("modal", response["view"])
        self.windows.update(window, response["view"])
        return []

    def _push(self, window: Window, response: Mapping[str, Any]) -> list[Window]:
        judge_view(response.get("view"), "modal")
        record("modal", response["view"])
        self.windows.push(window.user, response["view"])
        return []

    def _clear(self, window: Window, _: Mapping[str, Any]) -> list[Window]:
        return self.windows.clear(window.user)

    def _unconnected(self, window: Window, outcome: Outcome, refusal: Refusal | None = None) -> Outcome:
        """The modal stays open, with Slack's own words in it."""
        why = refusal.code if refusal else outcome.error
        self.notices.add(window.user, f"We had some trouble connecting. Try again? ({why})")
        return outcome

    async def _tell_closed(self, gone: list[Window], *, cleared: bool) -> Outcome:
        """Tell the app of each modal that asked for it."""
        outcome = Outcome()
        for window in gone:
            if window.body.get("notify_on_close"):
                payload = self.payloads.closed(window, cleared=cleared)
                outcome = await self.send(Envelope(type="interactive", payload=payload))
        return outcome


def _refuse() -> list[Window]:
    raise Refusal("invalid_arguments", ["unknown response_action"])


_ACTIONS: dict[str, Callable[[Deeds, Window, Mapping[str, Any]], list[Window]]] = {
    "errors": Deeds._errors,  # noqa: SLF001  # its own table
    "update": Deeds._update,  # noqa: SLF001  # as above
    "push": Deeds._push,  # noqa: SLF001  # as above
    "clear": Deeds._clear,  # noqa: SLF001  # as above
}
"""What an acknowledgement of a submission may ask for."""
