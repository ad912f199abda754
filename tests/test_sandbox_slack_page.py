"""What the page is told and can do: the state of one person, posts, and an event when something changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient

from sandbox.slack import SlackServer
from tests.bolt import ALICE, BOB, ENGINEERING, Ack, actions, app, button, echoing, home, modal, typed


@pytest.fixture
def page(server: SlackServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/client", timeout=60, trust_env=False) as client:
        yield client


def state(page: httpx.Client, user: str = ALICE) -> Any:
    return page.get("/state", params={"user": user}).json()


def sent(page: httpx.Client, what: str, **values: Any) -> Any:
    return page.post(f"/{what}", json={"user": ALICE, **values}).json()


def test_every_short_code_that_the_bot_writes_is_drawn_by_the_page() -> None:
    written = {code for path in Path("bot").rglob("*.py") for code in re.findall(r"[\"“ f]:([a-z_]+):", path.read_text())}
    assert "white_check_mark" in written
    drawn = Path("sandbox/console/src/icons.tsx").read_text()
    assert [code for code in sorted(written) if f"  {code}:" not in drawn] == []


def test_the_page_knows_people_channels_and_commands(page: httpx.Client) -> None:
    found = state(page)
    switcher = {member["name"]: member["title"] for member in found["members"] if member["switcher"]}
    assert switcher == {"Alice": "Developer", "Bob": "Engineering Lead", "Carol": "CTO", "Dave": "DevOps Engineer"}
    assert [channel["name"] for channel in found["channels"]] == ["engineering", "incidents", "random", "Backstop"]
    assert found["commands"][0]["command"] == "/backup"
    assert found["commands"][0]["usage_hint"].startswith("[quick|full|")
    assert (found["connected"], found["views"], found["home"], found["notices"]) == (0, [], None, [])
    assert page.get("/state", params={"user": "U0NOBODY"}).status_code == 404


def test_everybody_sees_messages_and_replies_and_one_person_what_is_for_them(page: httpx.Client, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=ENGINEERING, text="card")["ts"]
    web.chat_postMessage(channel=ENGINEERING, text="step", thread_ts=ts)
    web.chat_postEphemeral(channel=ENGINEERING, user=BOB, text="psst")
    web.chat_update(channel=ENGINEERING, ts=ts, text="card, done")
    sent(page, "message", channel=ENGINEERING, text="thanks")
    alice, bob = state(page)["messages"][ENGINEERING], state(page, BOB)["messages"][ENGINEERING]
    assert [(each["text"], each["ephemeral"], each["edited"]) for each in alice] == [("card, done", False, True), ("thanks", False, False)]
    assert [each["text"] for each in alice[0]["replies"]] == ["step"]
    assert [each["text"] for each in bob] == ["card, done", "psst", "thanks"]
    page.post("/dismiss", json={"user": BOB, "ts": bob[1]["ts"]})
    assert [each["text"] for each in state(page, BOB)["messages"][ENGINEERING]] == ["card, done", "thanks"]


def test_a_command_is_sent_and_what_is_no_command_is_refused(server: SlackServer, page: httpx.Client) -> None:
    assert sent(page, "command", channel=ENGINEERING, text="/bakcup") == {"ok": False, "error": "/bakcup is not a valid command."}
    assert sent(page, "command", channel=ENGINEERING, text="/backup quick") == {"ok": False, "error": "dispatch_failed"}
    notice = state(page)["notices"][0]
    assert "dispatch_failed" in notice["text"]
    assert sent(page, "dismiss", notice=notice["id"]) == {"ok": True}
    assert state(page)["notices"] == []
    with app(server, echoing):
        assert state(page)["connected"] == 2
        assert sent(page, "command", channel=ENGINEERING, text="/backup quick") == {"ok": True}
    assert state(page)["messages"][ENGINEERING][0]["text"] == "you said quick"


def test_a_window_is_opened_filled_and_sent_off(server: SlackServer, page: httpx.Client, web: WebClient) -> None:
    def listening(bolt: AsyncApp) -> None:
        @bolt.action("go")
        async def _(ack: Ack, body: dict[str, Any], client: Any) -> None:
            assert body["actions"][0]["value"] == "7"
            await client.views_open(trigger_id=body["trigger_id"], view=modal(typed("notes")))
            await ack()

        @bolt.view("window")
        async def _(ack: Ack, body: dict[str, Any]) -> None:
            notes = body["view"]["state"]["values"]["notes"]["notes"]["value"]
            await (ack() if notes == "right" else ack(response_action="errors", errors={"notes": "No."}))

    ts = web.chat_postMessage(channel=ENGINEERING, text="x", blocks=[{**actions(button("Go", "go", value="7")), "block_id": "b"}])["ts"]
    place = {"container": {"type": "message", "channel": ENGINEERING, "ts": ts}, "block_id": "b"}
    with app(server, listening):
        assert sent(page, "action", **place, action_id="gone")["ok"] is False
        assert sent(page, "action", **place, action_id="go", value="forged") == {"ok": True}
        view = state(page)["views"][0]

        def submit(notes: str | None) -> Any:
            values = {"notes": {"notes": {"type": "plain_text_input", "value": notes}}}
            return sent(page, "submit", view_id=view["id"], state={"values": values})

        assert submit(None)["errors"] == {"notes": "Please complete this required field."}
        assert submit("wrong") == {"ok": False, "errors": {"notes": "No."}}
        assert state(page)["errors"] == {"notes": "No."}
        assert page.post("/submit", json={"user": BOB, "view_id": view["id"]}).json() == {"ok": False, "error": "not_found"}
        assert submit("right") == {"ok": True}
        assert state(page)["views"] == []


def test_a_window_is_closed(page: httpx.Client, web: WebClient, trigger: Callable[[], str]) -> None:
    view = web.views_open(trigger_id=trigger(), view=modal())["view"]
    assert sent(page, "close", view_id=view["id"]) == {"ok": True}
    assert state(page)["views"] == []


def test_looking_at_home_tells_the_app(server: SlackServer, page: httpx.Client) -> None:
    def listening(bolt: AsyncApp) -> None:
        @bolt.event("app_home_opened")
        async def _(event: dict[str, Any], client: Any) -> None:
            await client.views_publish(user_id=event["user"], view=home("welcome"))

    with app(server, listening):
        assert sent(page, "home") == {"ok": True}
    assert state(page)["home"]["blocks"][0]["text"]["text"] == "welcome"


def test_an_event_tells_of_every_change(page: httpx.Client, web: WebClient) -> None:
    with page.stream("GET", "/events", params={"user": ALICE}, timeout=10) as stream:  # a heartbeat comes later than that
        lines = (line for line in stream.iter_lines() if line.startswith("data:"))
        first = next(lines)
        web.chat_postMessage(channel=ENGINEERING, text="x")
        second = next(lines)
        assert int(second.partition(":")[2]) > int(first.partition(":")[2])
    assert state(page)["changes"] >= int(second.partition(":")[2])


def test_nonsense_is_refused_in_words(page: httpx.Client) -> None:
    assert page.post("/command", content=b"{").status_code == 400
    assert sent(page, "command")["ok"] is False
    assert sent(page, "message", channel="G0PRIVATE", text="x") == {"ok": False, "error": "channel_not_found"}
