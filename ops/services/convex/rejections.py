"""What a push that was not made means: from the CLI's words to a sentence with a remedy. Pure."""

from __future__ import annotations

import re

from ops.errors import Failed, Unchanged
from ops.services.convex import misfit
from ops.services.convex.shown import uncoloured
from ops.services.convex.target import Target
from ops.services.convex.trouble import ConvexFailed, Trouble, explain, plain, trouble
from ops.services.process import Finished

_TYPES = re.compile(r"TypeScript typecheck via `\w+` failed")
# The CLI passes tsc's words on in whatever pieces they come, each as a line of its own.
_TYPE_ERROR = re.compile(r"([\w@./\[\]-]+\.[cm]?[jt]sx?)\s*[:(]\s*(\d+)\s*[:,]\s*\d+\)?[\s:-]*error\s*(TS\d+):\s*(.+)")
_BUNDLE = re.compile(r"\[ERROR\] (.*)")
_PLACE = re.compile(r"^\s*([\w@./\[\]-]+\.[cm]?[jt]sx?:\d+):\d+:\s*$", re.MULTILINE)
_LOADING = re.compile(r"Hit an error while ([^:\n]+):\s*(.*)", re.DOTALL)
_THROWN = re.compile(r"^(?:Failed to analyze (\S+): )?(?:Uncaught )?(\w*Error: .+)$", re.MULTILINE)
_VARIABLES = re.compile(r"[Ee]nvironment variables? ([\w, ]+?) (?:is|are) (?:used in|declared as)")
_RACE = re.compile(r"Schema was overwritten by another push|changed during push")
_CONFIRM = re.compile(r"with the (--[\w-]+) flag")
_MEND = "Mend the code, then deploy the new commit."

_KNOWN = {Trouble.KEY, Trouble.OTHER_DEPLOYMENT, Trouble.UNREACHABLE, Trouble.CERTIFICATE, Trouble.LIMITED, Trouble.SERVER}
_AGAIN = "Then retry: the same push twice is the same functions."


class SchemaRefused(ConvexFailed, Unchanged):
    """Rows that are there do not fit the schema that was pushed; nothing was changed."""


class FunctionsRefused(ConvexFailed, Unchanged):
    """The functions cannot be pushed as they are; nothing was changed."""


def rejection(finished: Finished, target: Target) -> Failed:
    """The error that a person reads."""
    said, label = uncoloured(f"{finished.err}\n{finished.out}"), target.label
    if finished.code < 0:
        return ConvexFailed(f"The CLI that pushed to {label} was killed by signal {-finished.code}.", f"Look at its memory. {_AGAIN}")
    if misfit.is_misfit(said):
        return SchemaRefused(f"Rows on {label} do not fit the schema: {misfit.sentence(said)}.", "Change the schema, or the rows.")
    if refused := _refusal(said, target):
        why, remedy = refused
        return FunctionsRefused(f"Convex did not take the functions on {label}: {why}.", f"Nothing was pushed. {remedy}")
    return _otherwise(said, target)


def _refusal(said: str, target: Target) -> tuple[str, str] | None:
    """What is wrong with the code or with where it goes, and what to do about it; None if it is something else."""
    if _TYPES.search(said):
        return _type_error(said, target), _MEND
    if found := _BUNDLE.search(said):
        place = _PLACE.search(said)
        return plain(f"{found[1]}{f' ({place[1]})' if place else ''}", target), _MEND
    if found := _VARIABLES.search(said):
        several = "," in found[1]
        told = f"the environment variable{'s' if several else ''} {found[1]} {'are' if several else 'is'} not set there"
        return plain(told, target), "Set it in the deployment's settings, then retry."
    if _RACE.search(said):
        return "somebody else pushed, or changed its variables, at the same time", "Ask who, then retry."
    if found := _LOADING.search(said):
        return plain(f"an error while {found[1]}: {_thrown(found[2])}", target), _MEND
    return None


def _type_error(said: str, target: Target) -> str:
    """The first type error."""
    found = _TYPE_ERROR.search(said)
    return plain(f"a type error: {found[1]}:{found[2]}: {found[4].strip()} ({found[3]})" if found else "a type error", target)


def _thrown(said: str) -> str:
    """What the code threw when Convex loaded it; else the first line."""
    if found := _THROWN.search(said):
        return f"{f'{found[1]}: ' if found[1] else ''}{found[2]}"
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("Loading the pushed")]
    return lines[0] if lines else "it gave no reason"


def _otherwise(said: str, target: Target) -> ConvexFailed:
    """Trouble on the way: the key, the network, the server, this machine."""
    kind, label = trouble(said), target.label
    if kind in _KNOWN:
        return explain(said, target, again=_AGAIN)
    if kind is Trouble.PERMISSION:
        return ConvexFailed(f"The key for {label} may not push.", f"Give {target.variable} a key with `deployment:deploy`. {_AGAIN}")
    if kind is Trouble.NODE:
        return ConvexFailed(
            f"The app's own convex CLI cannot run on this machine: {plain(_last(said), target)}.",
            "Look at its packages and its node version.",
        )
    if flag := _CONFIRM.search(said):
        return ConvexFailed(f"Convex wants a person to confirm the push to {label} ({flag[1]}).", f"Push it once by hand. {_AGAIN}")
    return ConvexFailed(f"Convex did not take the functions on {label}: {plain(_last(said), target)}.", "Look at what it says, then retry.")


def _last(said: str) -> str:
    """The last line that is no decoration."""
    lines = [line.strip() for line in said.splitlines() if line.strip(" -✖✔{}") and not line.startswith("Node.js v")]
    return lines[-1] if lines else "the CLI gave no reason"
