"""The sandbox's Slack, driven by Slack's own libraries: commands, clicks and windows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Client, Outcome, SlackServer
from tests.bolt import ALICE, BOB, CAROL, ENGINEERING, Ack, actions, app, button, echoing, modal, plain, refused, typed


def test_what_a_command_is_acknowledged_with_is_seen_by_its_person_only(server: SlackServer, people: Client) -> None:
    with app(server, echoing):
        outcome = people.command("/backup full  before lunch ", user=BOB)
    assert outcome.acked
    assert outcome.ephemeral is not None
    assert outcome.ephemeral.text == "you said full  before lunch"
    assert [shown.text for shown in people.ephemerals(BOB, ENGINEERING)] == ["you said full  before lunch"]
    assert people.ephemerals(ALICE) == people.messages(ENGINEERING) == []


def test_a_command_that_nobody_is_connected_for_fails_at_once(people: Client) -> None:
    outcome = people.command("/backup quick")
    assert (outcome.acked, outcome.error) == (False, "dispatch_failed")
    assert "dispatch_failed" in people.notices(ALICE)[0]


def test_a_late_answer_is_a_timeout_and_its_trigger_has_expired(server: SlackServer, people: Client, web: WebClient) -> None:
    def silent(bolt: AsyncApp) -> None:
        @bolt.command("/backup")
        async def _() -> None:
            return

    with app(server, silent):
        outcome = people.command("/backup quick")
    assert (outcome.acked, outcome.error) == (False, "operation_timeout")
    assert outcome.milliseconds >= 3000
    assert refused(web.views_open, trigger_id=outcome.trigger, view=modal()) == "expired_trigger_id"


def test_acknowledgements_that_get_lost_are_timeouts(server: SlackServer, people: Client) -> None:
    server.faults["no_ack_route"] = True
    with app(server, echoing):
        assert people.command("/backup quick").error == "operation_timeout"


def test_an_acknowledgement_that_slack_cannot_show_is_an_error(server: SlackServer, people: Client) -> None:
    def wrong(bolt: AsyncApp) -> None:
        @bolt.command("/backup")
        async def _(ack: Ack) -> None:
            await ack(text="x", blocks=[{"type": "alert", "text": plain("not in messages")}])

    with app(server, wrong):
        assert people.command("/backup").error == "invalid_command_response"


def test_a_command_from_another_workspace_says_so(server: SlackServer, people: Client) -> None:
    with app(server, echoing):
        outcome = people.command("/backup quick", user="U0ERIN")
    assert outcome.envelope is not None
    assert outcome.envelope.payload["team_id"] == "T0OTHER"


def heard(server: SlackServer, deed: Callable[[], Outcome]) -> dict[str, Any]:
    """What the app was told by a deed."""
    bodies: list[dict[str, Any]] = []

    def listening(bolt: AsyncApp) -> None:
        @bolt.action(re.compile(""))
        async def _(ack: Ack, body: dict[str, Any]) -> None:
            bodies.append(body)
            await ack()

    with app(server, listening, 1):
        assert deed().acked
    return bodies[0]


def test_a_click_in_a_message_carries_all_that_slack_sends(server: SlackServer, people: Client, web: WebClient) -> None:
    menu = {"type": "static_select", "action_id": "pick", "options": [{"text": plain("One"), "value": "1"}]}
    parent = web.chat_postMessage(channel=ENGINEERING, text="parent")
    web.chat_postMessage(
        channel=ENGINEERING, thread_ts=parent["ts"], text="x", blocks=[actions(button("Go on", "go", value="7", style="danger"), menu)]
    )
    card = people.thread(people.messages(ENGINEERING)[0])[0]
    body = heard(server, lambda: people.click(card, "Go on", user=BOB, fields={"pick": "One"}))
    place = {"type": "message", "message_ts": card.ts, "channel_id": ENGINEERING, "is_ephemeral": False, "thread_ts": parent["ts"]}
    assert body["container"] == place
    assert body["user"] == {"id": BOB, "username": "bob", "name": "bob", "team_id": "T0SANDBOX"}
    assert body["channel"] == {"id": ENGINEERING, "name": "engineering"}
    assert body["message"]["blocks"] == card.blocks
    assert body["state"]["values"][card.blocks[0]["block_id"]]["pick"]["selected_option"]["value"] == "1"
    assert body["response_url"].startswith(server.url)
    used = body["actions"][0]
    assert (used["action_id"], used["value"], used["style"], used["block_id"]) == ("go", "7", "danger", card.blocks[0]["block_id"])
    assert used["action_ts"]


def test_a_click_in_what_one_person_sees_does_not_carry_the_message(server: SlackServer, people: Client, web: WebClient) -> None:
    web.chat_postEphemeral(channel=ENGINEERING, user=CAROL, text="x", blocks=[actions(button("Go", "go"))])
    shown = people.ephemerals(CAROL)[0]
    body = heard(server, lambda: people.click(shown, "Go"))
    assert body["user"]["id"] == CAROL
    assert body["container"]["is_ephemeral"]
    assert "message" not in body
    with pytest.raises(ValueError, match="shown to U0CAROL only"):
        people.click(shown, "Go", user=BOB)


def test_a_choice_in_home_carries_the_view_and_no_response_address(server: SlackServer, people: Client, web: WebClient) -> None:
    menu = {"type": "users_select", "action_id": "who"}
    web.views_publish(user_id=ALICE, view={"type": "home", "blocks": [actions(menu)]})
    shown = people.home(ALICE)
    assert shown is not None
    body = heard(server, lambda: people.choose(shown, "who", BOB))
    assert body["actions"][0]["selected_user"] == BOB
    assert body["view"]["state"]["values"][shown.blocks[0]["block_id"]]["who"]["selected_user"] == BOB
    assert body["container"] == {"type": "view", "view_id": shown.id}
    assert not {"response_url", "channel", "message"} & set(body)


def test_a_button_that_is_not_there_cannot_be_clicked(people: Client, web: WebClient) -> None:
    web.chat_postMessage(channel=ENGINEERING, text="x", blocks=[actions(button("Go", "go"))])
    with pytest.raises(LookupError, match="Go"):
        people.click(people.messages(ENGINEERING)[0], "Stop")


def test_a_window_keeps_what_was_typed_and_shows_errors_until_it_is_right(server: SlackServer, people: Client) -> None:
    seen: list[dict[str, Any]] = []

    def listening(bolt: AsyncApp) -> None:
        @bolt.command("/backup")
        async def _(ack: Ack, body: dict[str, Any], client: AsyncWebClient) -> None:
            await client.views_open(trigger_id=body["trigger_id"], view=modal(typed("notes"), typed("more", optional=True)))
            await ack()

        @bolt.view("window")
        async def _(ack: Ack, body: dict[str, Any]) -> None:
            seen.append(body["view"])
            notes = body["view"]["state"]["values"]["notes"]["notes"]["value"]
            if notes == "wrong":
                await ack(response_action="errors", errors={"notes": "Not like this."})
            elif notes == "next":
                await ack(response_action="update", view=modal(typed("notes"), title=plain("Page two")))
            elif notes == "nonsense":
                await ack(response_action="errors", errors={"no such block": "?"})
            else:
                await ack()

    with app(server, listening):
        people.command("/backup")
        view = people.view(ALICE)
        assert view is not None
        assert people.submit(view).errors == {"notes": "Please complete this required field."}
        assert seen == []
        assert people.submit(view, {"notes": "wrong"}).errors == {"notes": "Not like this."}
        assert people.submit(view, {"notes": "nonsense"}).error == "dispatch_failed"
        assert people.submit(view, {"notes": "next"}).errors == {}
        after = people.view(ALICE)
        assert after is not None
        assert (after.title, after.id) == ("Page two", view.id)
        assert after.hash != view.hash
        assert after.state["values"]["notes"]["notes"]["value"] == "next"
        assert people.submit(after, {"notes": "right"}).acked
        assert people.view(ALICE) is None
    assert seen[0]["state"]["values"]["more"]["more"] == {"type": "plain_text_input", "value": None}
    assert [view["private_metadata"] for view in seen] == [""] * 4


def test_a_trigger_opens_one_window(web: WebClient, trigger: Callable[[], str]) -> None:
    once = trigger()
    web.views_open(trigger_id=once, view=modal())
    assert refused(web.views_open, trigger_id=once, view=modal()) == "exchanged_trigger_id"
    assert refused(web.views_open, trigger_id="123.456.abc", view=modal()) == "invalid_trigger_id"


def test_a_view_that_slack_does_not_take_leaves_the_trigger(web: WebClient, trigger: Callable[[], str]) -> None:
    once = trigger()
    assert refused(web.views_open, trigger_id=once, view=modal(submit=None)) == "invalid_arguments"
    assert web.views_open(trigger_id=once, view=modal())["ok"]


def test_a_window_that_changed_meanwhile_is_not_overwritten(web: WebClient, trigger: Callable[[], str]) -> None:
    view = web.views_open(trigger_id=trigger(), view=modal(private_metadata="ours"))["view"]
    assert (view["private_metadata"], view["root_view_id"]) == ("ours", view["id"])
    changed = web.views_update(view_id=view["id"], hash=view["hash"], view=modal())["view"]
    assert refused(web.views_update, view_id=view["id"], hash=view["hash"], view=modal()) == "hash_conflict"
    assert web.views_update(view_id=view["id"], hash=changed["hash"], view=modal())["ok"]


def test_three_windows_lie_on_each_other_at_most(people: Client, web: WebClient, trigger: Callable[[], str]) -> None:
    first = web.views_open(trigger_id=trigger(), view=modal())["view"]
    second = web.views_push(trigger_id=trigger(), view=modal())["view"]
    assert (second["root_view_id"], second["previous_view_id"]) == (first["id"], first["id"])
    web.views_push(trigger_id=trigger(), view=modal())
    assert refused(web.views_push, trigger_id=trigger(), view=modal()) == "push_limit_reached"
    top = people.view(ALICE)
    assert top is not None
    people.close(top)
    assert people.view(ALICE) == people.view(ALICE)
    assert getattr(people.view(ALICE), "id", "") == second["id"]
    assert refused(web.views_update, view_id=top.id, view=modal()) == "not_found"


def test_an_app_that_asks_hears_of_a_closed_window(server: SlackServer, people: Client, web: WebClient, trigger: Callable[[], str]) -> None:
    closed: list[dict[str, Any]] = []

    def listening(bolt: AsyncApp) -> None:
        @bolt.view_closed("window")
        async def _(ack: Ack, body: dict[str, Any]) -> None:
            closed.append(body)
            await ack()

    with app(server, listening):
        web.views_open(trigger_id=trigger(), view=modal(notify_on_close=True))
        view = people.view(ALICE)
        assert view is not None
        people.close(view)
    assert closed[0]["view"]["id"] == view.id
    assert closed[0]["is_cleared"] is False
