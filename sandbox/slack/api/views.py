"""``views.*``: windows and App Home."""

from __future__ import annotations

from typing import Any

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.limits import judge_view
from sandbox.slack.recording import record
from sandbox.slack.triggers import Triggers
from sandbox.slack.windows import Window, Windows
from sandbox.slack.workspace import Workspace

Answer = dict[str, Any]


class Views:
    """The methods."""

    def __init__(self, workspace: Workspace, windows: Windows, triggers: Triggers) -> None:
        self._workspace, self._windows, self._triggers = workspace, windows, triggers
        self.methods = {
            "views.open": self.open,
            "views.push": self.push,
            "views.update": self.update,
            "views.publish": self.publish,
        }

    def open(self, arguments: Arguments) -> Answer:
        """A modal for whoever the trigger is of."""
        view = _judged(arguments, "modal")
        return _answer(self._windows.open(self._triggers.use(_trigger(arguments)), view))

    def push(self, arguments: Arguments) -> Answer:
        """A modal on top of theirs."""
        view = _judged(arguments, "modal")
        return _answer(self._windows.push(self._triggers.use(_trigger(arguments)), view))

    def update(self, arguments: Arguments) -> Answer:
        """Something else in an open window."""
        window = self._windows.find(arguments.text("view_id"), arguments.text("external_id"))
        view = _judged(arguments, window.kind)
        self._windows.update(window, view, arguments.text("hash"))
        return _answer(window)

    def publish(self, arguments: Arguments) -> Answer:
        """Somebody's Home."""
        user = self._workspace.member(arguments.needed("user_id")).id
        view = _judged(arguments, "home")
        return _answer(self._windows.publish(user, view, arguments.text("hash")))


def _trigger(arguments: Arguments) -> str:
    return arguments.text("trigger_id") or arguments.text("interactivity_pointer") or arguments.needed("trigger_id")


def _judged(arguments: Arguments, kind: str) -> dict[str, Any]:
    view = arguments.values.get("view")
    judge_view(view, kind)
    kept: dict[str, Any] = {name: value for name, value in view.items() if value is not None} if isinstance(view, dict) else {}
    record(kind, kept)
    return kept


def _answer(window: Window) -> Answer:
    return {"view": window.described()}
