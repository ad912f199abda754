"""Tokens and scopes: what a call may do."""

from __future__ import annotations

from sandbox.slack.api.arguments import Arguments
from sandbox.slack.refusals import Refusal

BOT_TOKEN = "xoxb-1000000000000-1000000000001-sandboxbotsandboxbot"
APP_TOKEN = "xapp-1-A0BACKSTOP-1000000000002-sandboxappsandboxapp"

SCOPES: dict[str, str] = {
    **dict.fromkeys(("chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral"), "chat:write"),
    **dict.fromkeys(("conversations.list", "conversations.info", "conversations.members"), "channels:read"),
    **dict.fromkeys(("conversations.history", "conversations.replies"), "channels:history"),
    **dict.fromkeys(("users.info", "users.list"), "users:read"),
    **dict.fromkeys(("usergroups.list", "usergroups.users.list"), "usergroups:read"),
    **dict.fromkeys(("reactions.add", "reactions.remove"), "reactions:write"),
    **dict.fromkeys(("pins.add", "pins.remove"), "pins:write"),
    **dict.fromkeys(("files.getUploadURLExternal", "files.completeUploadExternal"), "files:write"),
    "pins.list": "pins:read",
    "conversations.open": "im:write",
    "conversations.join": "channels:join",
}
"""The scope that a method needs; one that is not here needs none."""

EVERY_SCOPE = frozenset({*SCOPES.values(), "chat:write.public", "groups:read", "groups:history", "im:history", "commands"})


def admit(method: str, token: str) -> None:
    """Refuse a token that is not there, not known, or not for this method."""
    if not token:
        raise Refusal("not_authed")
    if token not in {BOT_TOKEN, APP_TOKEN}:
        raise Refusal("invalid_auth")
    if (token == APP_TOKEN) != (method == "apps.connections.open"):
        raise Refusal("not_allowed_token_type")


def allow(method: str, arguments: Arguments, scopes: frozenset[str]) -> None:
    """Refuse what the bot's scopes do not cover."""
    needed = {SCOPES[method]} if method in SCOPES else set()
    types = arguments.text("types", "public_channel")
    if method == "conversations.list":
        needed = {scope for kind, scope in _LISTED.items() if kind in types.split(",")}
    if method in {"conversations.history", "conversations.replies"}:
        needed = {{"D": "im:history", "G": "groups:history"}.get(arguments.text("channel")[:1], "channels:history")}
    if missing := needed - scopes:
        raise Refusal("missing_scope", [f"needed: {','.join(sorted(missing))}"])


_LISTED = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}
