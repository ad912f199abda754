"""Who holds which role now, and what changed since the last audit (B6). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.people import Role
from ops.settings import Secrets, Settings

Members = Mapping[str, "frozenset[str] | None"]
"""Who is in each user group of the settings; None where Slack did not say."""

_UNKNOWN = "unknown"
_BESIDE = ("slack_bot_token", "slack_app_token", "slack_signing_secret", "database_url")  # the bot's own, and the database's


def held(settings: Settings, members: Members) -> dict[str, Any]:
    """Roles, stand-ins and groups as they are now, to be kept."""
    return {
        "roles": {role.value: sorted(getattr(settings.roles, role.value)) for role in Role},
        "groups": {group: sorted(people) if people is not None else None for group, people in sorted(members.items())},
        "stand_ins": sorted(settings.approvals.stand_ins),
        "tokens": tokens(settings),
    }


def tokens(settings: Settings) -> list[str]:
    """The names of the keys that are set; whoever reads the environment holds them all."""
    ours = [name.upper() for name in _BESIDE if getattr(settings, name, None) is not None]
    return [*ours, *(name.upper() for name in Secrets.model_fields if getattr(settings.secrets, name) is not None)]


def lines(now: Mapping[str, Any]) -> list[str]:
    """Each role with those who hold it."""
    found = [f"{_title(role)}: {_people(ids, now['groups'])}" for role, ids in now["roles"].items()]
    return [*found, f"stand-ins: {', '.join(now['stand_ins']) or 'none'}", f"keys that are set: {', '.join(now['tokens']) or 'none'}"]


def _title(role: str) -> str:
    """A role as people say it; one that an older audit knew is as it was written."""
    return Role(role).title if role in set(Role) else role


def _people(ids: list[str], groups: Mapping[str, Any]) -> str:
    """People, and groups with who is in them."""
    return ", ".join(f"{each} ({_inside(groups[each])})" if each in groups else each for each in ids) or "nobody"


def _inside(people: list[str] | None) -> str:
    """A group's members."""
    return _UNKNOWN if people is None else ", ".join(people) or "nobody"


def changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """What changed since the last audit, a sentence each."""
    if before is None:
        return ["This is the first audit: there is nothing to compare with."]
    found = []
    for role in now["roles"]:
        found += _moved(_title(role), before["roles"].get(role, []), now["roles"][role])
    for group, people in now["groups"].items():
        found += _moved_inside(group, before["groups"], people)
    found += _moved("stand-ins", before["stand_ins"], now["stand_ins"])
    found += _moved("keys", before["tokens"], now["tokens"])
    return found or ["Nothing changed since the last audit."]


def _moved_inside(group: str, before: Mapping[str, Any], people: list[str] | None) -> list[str]:
    """Who came into a group and who left it; where Slack did not name its members, that nobody knows."""
    was = before.get(group)
    if people is not None and was is not None:
        return _moved(f"group {group}", was, people)
    if people is None:
        return [f"group {group}: Slack did not name its members, so who came or went is unknown"]
    return [f"group {group}: Slack did not name its members at the last audit, so who came or went is unknown"] if group in before else []


def _moved(what: str, was: list[str], now: list[str]) -> list[str]:
    """Who came and who went."""
    came, went = sorted(set(now) - set(was)), sorted(set(was) - set(now))
    return [*([f"{what}: {', '.join(came)} came"] if came else []), *([f"{what}: {', '.join(went)} went"] if went else [])]
