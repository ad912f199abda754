"""What git's own words mean: from the text of a failed command to a sentence with a remedy. Pure."""

from __future__ import annotations

import enum
import re

from ops.errors import Failed


class GitFailed(Failed):
    """Git could not do it; the message says why."""


class Broken(GitFailed):
    """A repository is damaged: our clone, which can be made anew, or what it was made from."""


class Trouble(enum.Enum):
    """What can be wrong, told apart by what a person would do about it."""

    BROKEN = enum.auto()
    NO_ROOM = enum.auto()
    OWNERSHIP = enum.auto()
    FORMAT = enum.auto()
    NO_BRANCH = enum.auto()
    LOST = enum.auto()
    TAKEN = enum.auto()
    REFUSED = enum.auto()
    HOST_KEY = enum.auto()
    SSH_KEY = enum.auto()
    PASSWORD = enum.auto()
    DENIED = enum.auto()
    CERTIFICATE = enum.auto()
    GONE = enum.auto()
    SERVER = enum.auto()
    UNREACHABLE = enum.auto()
    NO_ADDRESS = enum.auto()
    CUT = enum.auto()
    SSH = enum.auto()
    UNKNOWN = enum.auto()


# The first that matches decides: what is said of the cause stands before what git adds to every failure.
_SIGNS = {
    Trouble.NO_ROOM: r"No space left on device|Disk quota exceeded",
    Trouble.OWNERSHIP: r"detected dubious ownership",
    Trouble.FORMAT: r"mismatched algorithms|unknown object format",
    Trouble.BROKEN: (
        r"not a git repository: |'origin' does not appear|bad config |Expected git repo version|did not send all necessary objects"
        r"|is corrupt|object file .* is empty|inflate: |bad object |does not match index|index file .* is too small"
        r"|unable to read (tree|sha1|[0-9a-f]{40})|\.lock': File exists|; cannot create|does not point to a valid object"
        r"|unable to unpack|bad tree object|missing (blob|tree|commit) "
    ),
    Trouble.NO_BRANCH: r"couldn't find remote ref",
    Trouble.LOST: r"not our ref",
    Trouble.TAKEN: r"\(already exists\)",
    Trouble.REFUSED: r"\[remote rejected\]",
    Trouble.HOST_KEY: r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED",
    Trouble.SSH_KEY: r"Permission denied \([a-z,-]+\)|Too many authentication failures|no mutual signature|Load key ",
    Trouble.PASSWORD: r"could not read (Username|Password)|terminal prompts disabled|unable to get password",
    Trouble.CERTIFICATE: r"SSL certificate|certificate verif|self.signed certificate|server verification failed",
    Trouble.GONE: r"does not appear to be a git repository|[Rr]epository .*not found|invalid gitfile format|not valid: is this a git repo",
    Trouble.DENIED: r"Authentication failed|returned error: 40[13]|Permission to .* denied|access .*denied|not granted|marked as read only",
    Trouble.SERVER: r"returned error: \d+",
    Trouble.UNREACHABLE: (
        r"ould not resolve|Failed to connect|Couldn't connect|Connection (refused|timed out)|No route to host|Network is unreachable"
        r"|unable to connect to|kex_exchange_identification|Operation timed out"
    ),
    Trouble.NO_ADDRESS: r"is not a git command|transport '.*' not allowed|nable to find remote helper|no path specified|hostname .*blocked",
    Trouble.CUT: (
        r"hung up|early EOF|RPC failed|unexpected disconnect|Empty reply|Connection (reset|closed|was reset)|Broken pipe"
        r"|[Pp]remature end|transfer closed|bad pack header|Recv failure|index-pack failed|expected flush"
    ),
    Trouble.SSH: r"Could not read from remote repository",
}

_SENTENCES = {
    Trouble.BROKEN: (
        "The repository at {where} is damaged: {words}.",
        "A fresh clone of it is damaged too. Run `git fsck` on it, or have its host look.",
    ),
    Trouble.NO_ROOM: ("There is no room left to write: {words}.", "Make room on the disk, then try again."),
    Trouble.OWNERSHIP: (
        "The repository at {where} belongs to another user of this machine.",
        "Give it to the user that runs Backstop, or list it with `git config --global --add safe.directory {where}`.",
    ),
    Trouble.FORMAT: ("The repository at {where} names its objects by SHA-256.", "Backstop reads repositories with SHA-1 names only."),
    Trouble.NO_BRANCH: ("The repository at {where} has no such branch.", "Correct `[app] production_branch`, or `source_branch`."),
    Trouble.LOST: ("The repository at {where} names a commit that it does not have.", "Run `git fsck` on it, or have its host look."),
    Trouble.TAKEN: ("The tag is already at {where}, at another commit.", "Look at what it stands for before you remove it."),
    Trouble.REFUSED: (
        "The repository at {where} did not take our change of a tag: {words}.",
        "Allow the account that Backstop uses to push and delete tags `backstop/*` there (hooks, tag protection).",
    ),
    Trouble.HOST_KEY: (
        "The ssh host key of {where} is unknown here, or has changed.",
        "Compare it with what the host publishes, then add it to known_hosts of the user that runs Backstop.",
    ),
    Trouble.SSH_KEY: (
        "{where} does not know our ssh key.",
        "Add the public key of the user that runs Backstop there as a deploy key with write access.",
    ),
    Trouble.PASSWORD: (
        "{where} asks for a password, and none is set up here.",
        "Set up a deploy key, a git credential helper or a token for it; Backstop never waits for someone to type one.",
    ),
    Trouble.DENIED: (
        "{where} does not let us in: {words}.",
        "Give the account or key that Backstop uses the right to read there and to push tags.",
    ),
    Trouble.CERTIFICATE: (
        "The certificate of {where} was not accepted: {words}.",
        "Renew it there, or have this machine trust its issuer.",
    ),
    Trouble.GONE: (
        "There is no git repository at {where}, or we may not see it.",
        "Check `[app] repository`, and that the repository still exists.",
    ),
    Trouble.SERVER: ("{where} answered with an error: {words}.", "Look at the host's status page, then try again."),
    Trouble.UNREACHABLE: ("{where} cannot be reached: {words}.", "Check the network and `[app] repository`, then try again."),
    Trouble.NO_ADDRESS: ("{where} is no address that git understands: {words}.", "Correct `[app] repository`."),
    Trouble.CUT: ("The connection to {where} broke off: {words}.", "Try again; if it breaks again, look at the host's status page."),
    Trouble.SSH: ("ssh to {where} failed: {words}.", "Try `git ls-remote {where}` as the user that runs Backstop."),
    Trouble.UNKNOWN: ("git failed at {where}: {words}.", "Try `git ls-remote {where}` as the user that runs Backstop."),
}

# What git says besides the cause.
_NOISE = re.compile(
    r"^(hint: |To |From |Everything up-to-date| ! \[rejected\]|error: failed to push|Please make sure|and the repository exists"
    r"|fatal: Could not read from remote|fatal: the remote end hung up|error: unable to read askpass|Warning: Permanently added"
    r"|remote: *$|send-pack: |\s*$)"
)


def trouble(stderr: str) -> Trouble:
    """What a failed command's words mean."""
    for kind, sign in _SIGNS.items():
        if re.search(sign, stderr, re.MULTILINE):
            return kind
    return Trouble.UNKNOWN


def explain(stderr: str, where: str) -> GitFailed:
    """The error that a person reads; git's words in it are short and name no credentials."""
    kind = trouble(stderr)
    message, remedy = _SENTENCES[kind]
    facts = {"where": where, "words": words(stderr, kind)}
    return (Broken if kind is Trouble.BROKEN else GitFailed)(message.format(**facts), remedy.format(**facts))


def keeps_ours(stderr: str) -> bool:
    """Whether a fetch of tags failed only because somebody moved tags that we have."""
    refused = [line for line in stderr.splitlines() if line.startswith((" ! ", "fatal: ", "error: "))]
    return bool(refused) and all("would clobber existing tag" in line for line in refused)


def words(stderr: str, kind: Trouble = Trouble.UNKNOWN) -> str:
    """The one line of git's that says most: the remote's own where it refused, else the one that gave the sign, else the last."""
    lines = [line for line in stderr.splitlines() if not _NOISE.match(line)]
    telling = [line for line in lines if line.startswith("remote: ") and kind in {Trouble.REFUSED, Trouble.DENIED}]
    signed = [line for line in lines if kind in _SIGNS and re.search(_SIGNS[kind], line)]
    return _plain(next(iter(telling or signed[-1:] or lines[-1:]), "git gave no reason"))


def _plain(line: str) -> str:
    """A line without git's prefixes, credentials and control characters."""
    bare = re.sub(r"^((remote|fatal|error|ssh|ERROR|warning): *| ! \[remote rejected\] )+", "", line)
    safe = re.sub(r"//[^/@\s]+@", "//", "".join(c for c in bare if c.isprintable()))
    return safe.strip().rstrip(".")[:200]
