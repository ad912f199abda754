"""Project routes: a live list, drafts beside it, and what a rule does to a request."""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.now import Now


class Conflict(Exception):
    """Somebody else edits them."""


@dataclass
class Routing:
    """The versions of a project's routes; the newest may be a draft that is not live."""

    path: Path
    now: Now = field(default_factory=Now)
    versions: list[dict[str, Any]] = field(default_factory=list)  # newest first: {id, routes, live, staging, by, at}

    def load(self) -> None:
        """Read what was written down, or begin with nothing."""
        self.versions = json.loads(self.path.read_text()) if self.path.exists() else []

    @property
    def live(self) -> list[dict[str, Any]]:
        """The rules that act."""
        return next((each["routes"] for each in self.versions if each["live"]), [])

    @property
    def staging(self) -> dict[str, Any] | None:
        """The draft, if there is one."""
        return next((each for each in self.versions if each["staging"]), None)

    def edit(self, routes: list[dict[str, Any]], by: str) -> dict[str, Any]:
        """Change the draft, or begin one."""
        draft = self.staging
        if draft is None:
            draft = {"id": uuid.uuid4().hex[:12], "live": False, "staging": True}
            self.versions.insert(0, draft)
        draft |= {"routes": routes, "by": by, "at": self.now.seconds()}
        self.save()
        return draft

    @property
    def shown(self) -> list[dict[str, Any]]:
        """What an edit starts from: the draft, or what is live."""
        return copy.deepcopy((self.staging or {"routes": self.live})["routes"])

    def act(self, version_id: str, action: str) -> dict[str, Any] | None:
        """Promote, restore or discard a version."""
        found = next((each for each in self.versions if each["id"] == version_id), None)
        if found is None:
            return None
        if action == "discard":
            self.versions.remove(found)
        else:
            for each in self.versions:
                each["live"] = False
            found |= {"live": True, "staging": False}
        self.save()
        return found

    def save(self) -> None:
        """Write it down."""
        self.path.write_text(json.dumps(self.versions))


def matching(
    rules: list[dict[str, Any]], path: str, host: str, headers: Mapping[str, str], cookies: Mapping[str, str]
) -> dict[str, Any] | None:
    """The first rule that a request meets."""
    for each in rules:
        rule = each["route"]
        if not each.get("enabled", True) or not re.search(rule["src"], path):
            continue
        has = all(_meets(wanted, host, headers, cookies) for wanted in rule.get("has", ()))
        missing = not any(_meets(wanted, host, headers, cookies) for wanted in rule.get("missing", ()))
        if has and missing:
            return dict(rule)
    return None


def _meets(wanted: Mapping[str, Any], host: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
    """Whether a request meets a condition; a value is a pattern for all of it."""
    kind, key = wanted["type"], wanted.get("key", "")
    found = {"host": host, "cookie": cookies.get(key), "header": headers.get(key.lower())}.get(kind)
    value = wanted.get("value")
    return found is not None and (value is None or re.fullmatch(str(value), found) is not None)
