"""Windows: each person's stack of modals, and everybody's App Home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import ids
from sandbox.slack.blocks import with_ids
from sandbox.slack.people import APP, BOT_ID, TEAM
from sandbox.slack.refusals import Refusal
from sandbox.slack.state import Values, initial
from sandbox.slack.workspace import Workspace

HIGHEST = 3  # modals on one stack

_AT_FIRST: dict[str, Any] = {
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "title": {"type": "plain_text", "text": "Backstop"},
    "submit": None,
    "close": None,
    "clear_on_close": False,
    "notify_on_close": False,
}


@dataclass
class Window:
    """A modal or a Home, as one person sees it."""

    user: str
    body: dict[str, Any]  # what the app gave, with ids
    root: str = ""  # "": it is its own
    previous: str = ""
    id: str = field(default_factory=lambda: ids.new("V0"))
    hash: str = field(default_factory=ids.view_hash)
    values: Values = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """What is in it."""
        return list(self.body["blocks"])

    @property
    def kind(self) -> str:
        """``modal`` or ``home``."""
        return str(self.body["type"])

    def show(self, view: Mapping[str, Any]) -> None:
        """Put something else into it; what was typed stays where the same input is."""
        self.body = {**view, "blocks": with_ids(view["blocks"])}
        self.values = initial(self.blocks, self.values)
        self.hash, self.errors = ids.view_hash(), {}

    def described(self) -> dict[str, Any]:
        """As the API and the payloads say it."""
        return {
            **_AT_FIRST,
            **self.body,
            "id": self.id,
            "team_id": TEAM,
            "app_id": APP,
            "app_installed_team_id": TEAM,
            "bot_id": BOT_ID,
            "hash": self.hash,
            "root_view_id": self.root or self.id,
            "previous_view_id": self.previous or None,
            "state": {"values": self.values},
        }


class Windows:
    """All that is open."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.stacks: dict[str, list[Window]] = {}
        self.homes: dict[str, Window] = {}
        for user, kept in workspace.kept.all("home").items():
            self.homes[user] = Window(user, kept["body"], id=kept["id"], hash=kept["hash"], values=initial(kept["body"]["blocks"]))

    def top(self, user: str) -> Window | None:
        """The modal that a person is looking at."""
        return next(reversed(self.stacks.get(user, [])), None)

    def find(self, view_id: str, external_id: str = "") -> Window:
        """An open window or a Home."""
        for window in self._all():
            if window.id == view_id or (external_id and window.body.get("external_id") == external_id):
                return window
        raise Refusal("not_found")

    def open(self, user: str, view: Mapping[str, Any]) -> Window:
        """A new modal, over whatever is open."""
        self._unlike_others(view)
        return self._put(Window(user, dict(view)))

    def push(self, user: str, view: Mapping[str, Any]) -> Window:
        """A modal on top of the one that they are looking at."""
        below = self.top(user)
        if below is None:
            raise Refusal("not_found")
        self._unlike_others(view)
        root = below.root or below.id
        if sum(root in (window.id, window.root) for window in self.stacks[user]) >= HIGHEST:
            raise Refusal("push_limit_reached")
        return self._put(Window(user, dict(view), root=root, previous=below.id))

    def update(self, window: Window, view: Mapping[str, Any], known: str = "") -> None:
        """Put something else into a window; ``known``: the hash that the app last saw."""
        if known and known != window.hash:
            raise Refusal("hash_conflict")
        window.show(view)
        if window.kind == "home":
            self._keep(window)
        self._workspace.changes.mark()

    def publish(self, user: str, view: Mapping[str, Any], known: str = "") -> Window:
        """Somebody's Home."""
        if user in self.homes:
            self.update(self.homes[user], view, known)
        else:
            self.homes[user] = window = Window(user, dict(view))
            self.update(window, view)
        return self.homes[user]

    def close(self, window: Window) -> list[Window]:
        """Close a modal and what is on top of it; those that are gone, top first."""
        stack = self.stacks.get(window.user, [])
        place = stack.index(window) if window in stack else len(stack)
        gone, stack[place:] = stack[place:], []
        self._workspace.changes.mark()
        return gone[::-1]

    def clear(self, user: str) -> list[Window]:
        """Close all modals of a person; top first."""
        gone = self.stacks.pop(user, [])
        self._workspace.changes.mark()
        return gone[::-1]

    def _put(self, window: Window) -> Window:
        window.show(window.body)
        self.stacks.setdefault(window.user, []).append(window)
        self._workspace.changes.mark()
        return window

    def _unlike_others(self, view: Mapping[str, Any]) -> None:
        external = view.get("external_id")
        if external and any(window.body.get("external_id") == external for window in self._all()):
            raise Refusal("duplicate_external_id")

    def _all(self) -> Iterator[Window]:
        for stack in self.stacks.values():
            yield from stack
        yield from self.homes.values()

    def _keep(self, window: Window) -> None:
        self._workspace.kept.put("home", window.user, {"body": window.body, "id": window.id, "hash": window.hash})
