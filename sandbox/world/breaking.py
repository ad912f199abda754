"""What can be broken from the page: every switch sets a fault of the sandbox, nothing of the bot's."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from sandbox.world.repository import Repository

Faults = MutableMapping[str, Any]

_ALWAYS = 10**9  # times


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One thing that can go wrong; switches of one place exclude each other."""

    place: str
    fault: str
    label: str
    group: str
    sets: tuple[str, Any]  # a fault's name and value

    @property
    def shown(self) -> dict[str, str]:
        """As the page lists it."""
        return {"place": self.place, "fault": self.fault, "label": self.label, "group": self.group}


def _convex(place: str, fault: str, label: str, value: Any = None) -> Switch:
    return Switch(place=place, fault=fault, label=label, group="Convex", sets=(place, fault if value is None else value))


def _slack(place: str, label: str, value: Any) -> Switch:
    return Switch(place=f"slack-{place}", fault="on", label=label, group="Slack", sets=(place, value))


SWITCHES = (
    _convex("export", "fail", "The export fails"),
    _convex("export", "slow", "An export takes 20 seconds longer", "slow:20"),
    _convex("export", "hang", "An export never finishes"),
    _convex("export", "conflict", "Somebody else's export is under way"),
    _convex("export", "forget", "The export leaves out the orders", "forget:orders"),
    _convex("download", "truncate", "The download is cut off"),
    _convex("download", "corrupt", "The archive arrives damaged"),
    _convex("ws", "refuse", "Websockets are blocked"),
    _convex("name", "other", "The deployment calls itself otherwise", "grumpy-otter-404"),
    _convex("http", "down", "Convex answers 503", [{"path": "/", "status": 503, "times": _ALWAYS}]),
    Switch(place="build", fault="fail", label="The site's build fails", group="Vercel", sets=("build", "fail")),
    Switch(place="instant", fault="plan", label="The plan has no instant rollback", group="Vercel", sets=("rollback", "plan")),
    Switch(place="remote", fault="gone", label="The git remote is gone", group="Git", sets=("gone", True)),
    _slack("slow", "Slack takes 2 seconds for every call", {"method": "*", "seconds": 2}),
    _slack("ratelimit", "Slack asks to wait 5 seconds, ten times", {"method": "*", "seconds": 5, "times": 10}),
    _slack("down", "Slack is down for the bot", value=True),
)
"""Everything that the page offers."""


class Breaking:
    """The switches, and which of them are on.

    Args:
        convex: the deployment's faults; None makes right again.
        slack: the faults of Slack, likewise.
        repository: whose remote can go away.
        vercel: the faults of the site's builds, likewise.
    """

    def __init__(self, convex: Faults, slack: Faults, repository: Repository, vercel: Faults | None = None) -> None:
        site: Faults = {} if vercel is None else vercel
        self._faults = {"Convex": convex, "Slack": slack, "Vercel": site}
        self._on: dict[str, str] = {"remote": "gone"} if repository.gone else {}
        self._setters: dict[str, Callable[[str, Any], None]] = {
            "Convex": convex.__setitem__,
            "Slack": slack.__setitem__,
            "Vercel": site.__setitem__,
            "Git": lambda _, value: setattr(repository, "gone", bool(value)),
        }

    @property
    def on(self) -> dict[str, str]:
        """The places where something is wrong, each with its fault; one that was for a few times ends by itself."""
        self._on = {place: fault for place, fault in self._on.items() if self._lasts(place)}
        return dict(self._on)

    def switch(self, place: str, fault: str | None) -> None:
        """Switch a fault on, or (None) make the place right again.

        Raises:
            KeyError: there is no such switch.
        """
        known = [each for each in SWITCHES if each.place == place]
        found = next((each for each in known if fault in {None, each.fault}), None)
        if found is None:
            raise KeyError(f"{place}={fault}")
        name, value = found.sets
        self._setters[found.group](name, None if fault is None else value)
        self._on.pop(place, None)
        if fault is not None:
            self._on[place] = fault

    def _lasts(self, place: str) -> bool:
        switch = next(each for each in SWITCHES if each.place == place)
        return switch.group == "Git" or switch.sets[0] in self._faults[switch.group]
