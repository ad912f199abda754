"""What Slack sends to an app, for each thing that a person does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.slack import ids
from sandbox.slack.blocks import Block
from sandbox.slack.messages import Message
from sandbox.slack.people import APP, BOT, OTHER_TEAM, TEAM
from sandbox.slack.responses import Responses
from sandbox.slack.state import Values
from sandbox.slack.triggers import Triggers
from sandbox.slack.windows import Window
from sandbox.slack.workspace import Workspace

Payload = dict[str, Any]

_TOKEN = "sandbox-verification"
_ECHOED = ("action_id", "block_id", "type", "text", "value", "style", "placeholder")


@dataclass(frozen=True, kw_only=True)
class Use:
    """A button that was pressed, or something that was chosen."""

    user: str
    block: str
    element: Block
    chosen: Mapping[str, Any]  # ``selected_option`` and the like; nothing for a button
    values: Values  # of everything around it


class Payloads:
    """Makes them, with fresh triggers and response addresses."""

    def __init__(self, workspace: Workspace, triggers: Triggers, responses: Responses) -> None:
        self._workspace, self._triggers, self._responses = workspace, triggers, responses

    def command(self, user: str, channel: str, text: str) -> Payload:
        """``/backup full before the migration``."""
        member, place = self._workspace.member(user), self._workspace.channels[channel]
        command, _, rest = text.partition(" ")
        return {
            "token": _TOKEN,
            "team_id": member.team,
            "team_domain": "other" if member.team == OTHER_TEAM else "sandbox",
            "channel_id": channel,
            "channel_name": "privategroup" if place.is_private else place.name,
            "user_id": user,
            "user_name": member.handle,
            "command": command,
            "text": rest.strip(),
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self._responses.new(channel, user),
            "trigger_id": self._triggers.new(user),
        }

    def in_message(self, use: Use, message: Message) -> Payload:
        """Something in a message was used. What only one person sees is not sent along."""
        thread = message.body.get("thread_ts")
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel, "is_ephemeral": bool(message.to)}
        channel = self._workspace.channels[message.channel]
        shown = {} if message.to else {"message": message.described(metadata=True)}
        return {
            **self._interaction("block_actions", use.user),
            "container": {**container, **({"thread_ts": thread} if thread else {})},
            "channel": {"id": channel.id, "name": "privategroup" if channel.is_private else channel.name},
            **shown,
            "state": {"values": use.values},
            "response_url": self._responses.new(message.channel, use.user, message),
            "actions": [self._action(use)],
        }

    def in_window(self, use: Use, window: Window) -> Payload:
        """Something in a modal or in App Home was used."""
        return {
            **self._interaction("block_actions", use.user),
            "container": {"type": "view", "view_id": window.id},
            "view": window.described(),
            "actions": [self._action(use)],
        }

    def submission(self, window: Window) -> Payload:
        """A modal was sent off."""
        return {**self._interaction("view_submission", window.user), "view": window.described(), "response_urls": []}

    def closed(self, window: Window, *, cleared: bool) -> Payload:
        """A modal was closed."""
        payload = self._interaction("view_closed", window.user)
        del payload["trigger_id"]
        return {**payload, "view": window.described(), "is_cleared": cleared}

    def home_opened(self, user: str, home: Window | None) -> Payload:
        """Somebody looks at App Home."""
        view = {"view": home.described()} if home else {}
        event = {"type": "app_home_opened", "user": user, "channel": self._workspace.direct(user).id, "tab": "home", **view}
        return {
            "token": _TOKEN,
            "team_id": TEAM,
            "api_app_id": APP,
            "event": {**event, "event_ts": self._workspace.clock.ts()},
            "type": "event_callback",
            "event_id": ids.new("Ev0"),
            "event_time": int(self._workspace.clock.now.seconds()),
            "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
        }

    def _interaction(self, kind: str, user: str) -> Payload:
        return {
            "type": kind,
            "user": self._workspace.member(user).brief(),
            "api_app_id": APP,
            "token": _TOKEN,
            "trigger_id": self._triggers.new(user),
            "team": {"id": TEAM, "domain": "sandbox"},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _action(self, use: Use) -> Payload:
        echoed = {name: use.element[name] for name in _ECHOED if name in use.element}
        return {**echoed, **use.chosen, "block_id": use.block, "action_ts": f"{self._workspace.clock.now.seconds():.6f}"}
