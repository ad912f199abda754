"""Small Bolt apps and small payloads, to try the sandbox's Slack with Slack's own libraries."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Client, SlackServer
from sandbox.slack.api.tokens import EVERY_SCOPE

ALICE, BOB, CAROL, GUEST = "U0ALICE", "U0BOB", "U0CAROL", "U0GUEST"
ENGINEERING = "C0ENGINEERING"

Listening = Callable[[AsyncApp], None]
Ack = Callable[..., Awaitable[None]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    """A workspace in which the app may do everything; what is sent to it is not the bot's, and is not collected."""
    monkeypatch.delenv("BACKSTOP_PAYLOADS", raising=False)
    found = SlackServer(scopes=EVERY_SCOPE).start()
    yield found
    found.stop()


@pytest.fixture
def people(server: SlackServer) -> Client:
    """What people do and see there."""
    return server.client


@pytest.fixture
def web(server: SlackServer) -> WebClient:
    """Slack's own client, with the bot's token."""
    return WebClient(token=server.bot_token, base_url=server.api_url)


@pytest.fixture
def trigger(server: SlackServer) -> Callable[[], str]:
    """Makes a fresh trigger of Alice's."""
    return lambda: str(server.payload("/backup")["trigger_id"])


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(label: str, action: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(label), "action_id": action, **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def typed(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": name, "label": plain(name), "element": {"type": "plain_text_input", "action_id": name}, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    view = {"type": "modal", "callback_id": "window", "title": plain("A window"), "submit": plain("Send"), **more}
    return {**view, "blocks": list(blocks) or [typed("notes")]}


def home(text: str) -> dict[str, Any]:
    return {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        call(**arguments)
    return str(error.value.response["error"])


@contextmanager
def app(server: SlackServer, listening: Listening, connections: int = 2) -> Iterator[None]:
    """A Bolt app with Socket Mode connections, in a loop and a thread of its own."""
    ended, before = threading.Event(), server.connections

    async def run() -> None:
        bolt = AsyncApp(client=AsyncWebClient(token=server.bot_token, base_url=server.api_url), process_before_response=True)
        listening(bolt)
        handlers = [AsyncSocketModeHandler(bolt, server.app_token) for _ in range(connections)]
        for handler in handlers:
            await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own
        await asyncio.to_thread(ended.wait)
        for handler in handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt's own

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        server.client.wait(lambda: server.connections >= before + connections, "the connections")
        yield
    finally:
        ended.set()
        thread.join()


def echoing(bolt: AsyncApp) -> None:
    """Answers a command with its own text, and every click with nothing."""

    @bolt.command("/backup")
    async def _(ack: Ack, body: dict[str, Any]) -> None:
        await ack(f"you said {body['text']}")

    @bolt.action("go")
    async def _(ack: Ack) -> None:
        await ack()
