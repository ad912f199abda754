"""What the CLI's own words mean: from the text of a failed run to a sentence with a remedy. Pure."""

from __future__ import annotations

import enum
import re

from ops.errors import Failed
from ops.services.convex.target import Target
from ops.services.lines import mask


class ConvexFailed(Failed):
    """Convex could not do it; the message says why."""


class Unreachable(ConvexFailed):
    """The deployment, or who knows its address, does not answer."""


class Trouble(enum.Enum):
    """What can be wrong, told apart by what a person would do about it."""

    BUSY = enum.auto()
    PERMISSION = enum.auto()
    OTHER_DEPLOYMENT = enum.auto()
    KEY = enum.auto()
    NO_ROOM = enum.auto()
    CANCELLED = enum.auto()
    FAILED = enum.auto()
    GONE = enum.auto()
    CUT = enum.auto()
    LIMITED = enum.auto()
    SERVER = enum.auto()
    NO_CONVEX = enum.auto()
    CERTIFICATE = enum.auto()
    UNREACHABLE = enum.auto()
    NODE = enum.auto()
    UNKNOWN = enum.auto()


# The first that matches decides.
_SIGNS = {
    Trouble.BUSY: r"already requested or in progress|ExportInProgress",
    Trouble.PERMISSION: r"do not have permission to perform this operation",
    Trouble.OTHER_DEPLOYMENT: r"BadDeployKey|invalid for deployment",
    Trouble.KEY: (
        r" 401\b|BadAdminKey|InvalidDeployKey|Failed to authenticate|Authenticate with `npx convex"
        r"|(url|team_and_project)_for_key 40\d|CONVEX_DEPLOY_KEY to a new key"
    ),
    Trouble.NO_ROOM: r"ENOSPC|EDQUOT|no space left on device",
    Trouble.CANCELLED: r'"state":"cancell?ed"',
    Trouble.FAILED: r"Export failed\.",
    Trouble.GONE: r"ExportNotFound|api/export/zip/\S+ 404",
    Trouble.CUT: r"Exporting data failed|TypeError: terminated|other side closed",  # the CLI's words, or node's where it was faster
    Trouble.LIMITED: r" 429\b",
    Trouble.SERVER: r" 5\d\d\b",
    Trouble.NO_CONVEX: r"api/export/request/zip\S* (404|405)\b",
    Trouble.CERTIFICATE: r"self.signed certificate|unable to (verify|get local issuer)|CERT_|certificate has expired",
    Trouble.UNREACHABLE: r"fetch failed|ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAIAGAIN",
    Trouble.NODE: r"Cannot find module|Unsupported engine|ERR_MODULE_NOT_FOUND",
}

AGAIN = "Try it again: a backup with `/backup full`, what halted with a retry."
_EXPORTING = "`deployment:backups:create`, `deployment:backups:view` and `deployment:backups:download`"
_SENTENCES = {
    Trouble.BUSY: ("Another export of {label} is under way, and Convex runs one at a time.", "Wait for its end. {again}"),
    Trouble.PERMISSION: (
        "The key for {label} may not do this: it lacks the permission {permission}.",
        "Give {variable} a key with {needed}.",
    ),
    Trouble.OTHER_DEPLOYMENT: (
        "The key for {label} belongs to another deployment.",
        "Set {variable} to a key of the deployment that `[convex.{environment}]` names.",
    ),
    Trouble.KEY: (
        "{label} did not accept our key: it is wrong, revoked or expired.",
        "Make a new one (dashboard: Settings, Deploy keys; self-hosted: `generate_admin_key.sh`) and set {variable} to it.",
    ),
    Trouble.NO_ROOM: (
        "The disk filled up while the export of {label} was written.",
        "The unfinished file was removed. Make room, or delete backups that are not needed: `/backup list`.",
    ),
    Trouble.CANCELLED: (
        "Somebody cancelled the export of {label} at Convex, in the dashboard or by a command.",
        "Ask who, then: {again}",
    ),
    Trouble.FAILED: (
        "Convex began the export of {label} and could not finish it.",
        "{again} If it fails again, look at the deployment's log and at https://status.convex.dev.",
    ),
    Trouble.GONE: ("Convex finished the export of {label}, but does not have its archive.", "{again}"),
    Trouble.CUT: (
        "The download of the export of {label} broke off: {words}.",
        "The unfinished file was removed. {again} If it breaks off again, look at the network and its proxies.",
    ),
    Trouble.LIMITED: ("{label} takes no more requests for the moment.", "Wait a few minutes. {again}"),
    Trouble.SERVER: ("{label} answered with an error: {words}.", "Look at https://status.convex.dev. {again}"),
    Trouble.NO_CONVEX: (
        "What answers for {label} knows no exports: it is no Convex deployment.",
        "Correct `[convex.{environment}] url` and {variable}.",
    ),
    Trouble.CERTIFICATE: (
        "The certificate of {label} was not accepted: {words}.",
        "Renew it there, or name its issuer's certificate in SSL_CERT_FILE.",
    ),
    Trouble.UNREACHABLE: (
        "{label} cannot be reached: {words}.",
        "Check the network, `[convex.{environment}] url` and https://status.convex.dev, then try again.",
    ),
    Trouble.NODE: (
        "The Convex CLI that exports {label} cannot run on this machine: {words}.",
        "It needs node 20 or later and its npm packages: run `make setup`, or correct `[convex] cli`.",
    ),
    Trouble.UNKNOWN: ("The export of {label} failed: {words}.", "{again} If it fails again, the log has what the CLI said."),
}

# What the CLI says besides the cause, and how its lines begin.
_NOISE = re.compile(
    r"^\s*$|^Authenticate with|^This is determined by|^Check its progress|^Node\.js v|^\s+at |^\s*[{}]\s*$|^\s*(code|requireStack)\b"
)
_START = re.compile(r"^([-✖✔]\s*|(Type|Syntax)?Error: *|Exporting data failed: *|Unexpected Error: *|Error fetching \w+\s+\S+ )+")
_PERMISSION = re.compile(r"perform this operation \(([\w:]+)\)")


def trouble(said: str) -> Trouble:
    """What a failed run's words mean."""
    return next((kind for kind, sign in _SIGNS.items() if re.search(sign, said)), Trouble.UNKNOWN)


def explain(said: str, target: Target, *, again: str = AGAIN) -> ConvexFailed:
    """The error that a person reads; the CLI's words in it are short and hold no key."""
    kind = trouble(said)
    return error(kind, target, words=words(said, target, kind), permission=_permission(said), again=again)


def error(kind: Trouble, target: Target, *, words: str = "", permission: str = "", again: str = AGAIN) -> ConvexFailed:
    """The error for a known trouble; ``again`` is what to do once it is over."""
    facts = {
        "label": target.label,
        "environment": target.environment,
        "variable": target.variable,
        "words": words,
        "permission": permission,
        "needed": _EXPORTING if not permission or permission in _EXPORTING else permission,
        "again": again,
    }
    message, remedy = (text.format(**facts) for text in _SENTENCES[kind])
    return (Unreachable if kind is Trouble.UNREACHABLE else ConvexFailed)(message, remedy)


def words(said: str, target: Target, kind: Trouble = Trouble.UNKNOWN) -> str:
    """The one line that says most: the last that gave the sign, else the last."""
    lines = [line for line in said.splitlines() if not _NOISE.match(line)]
    signed = [line for line in lines if kind in _SIGNS and re.search(_SIGNS[kind], line)]
    return plain(next(iter(signed[-1:] or lines[-1:]), "the CLI gave no reason"), target)


def plain(line: str, target: Target) -> str:
    """A line without the CLI's marks, keys, credentials and control characters."""
    bare = _START.sub("", mask(line, target.secrets))
    safe = re.sub(r"//[^/@\s]+@", "//", "".join(c if c.isprintable() else " " for c in bare))
    return " ".join(safe.split()).rstrip(".")[:200]


def _permission(said: str) -> str:
    """The permission that the server named."""
    found = _PERMISSION.search(said)
    return f"`{found[1]}`" if found else "for it"
