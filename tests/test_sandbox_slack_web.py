"""The sandbox's Web API: channels, messages, people, limits and faults, as Slack's own client meets them."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from sandbox.slack import Client, SlackServer
from sandbox.slack.limits import judge_message, judge_view
from tests.bolt import ALICE, BOB, ENGINEERING, GUEST, actions, button, home, plain, refused
from tests.payloads.examples import examples

METADATA = {"event_type": "backstop_post", "event_payload": {"key": "operation-1"}}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_the_token_says_who_the_bot_is(server: SlackServer, web: WebClient) -> None:
    found = web.auth_test()
    assert (found["team_id"], found["user_id"], found["bot_id"]) == (server.team, "U0BACKSTOP", "B0BACKSTOP")


def test_a_token_does_what_it_is_for_and_nothing_else(server: SlackServer, web: WebClient) -> None:
    assert refused(WebClient(base_url=server.api_url).auth_test) == "not_authed"
    assert refused(WebClient(token="xoxb-other", base_url=server.api_url).auth_test) == "invalid_auth"
    assert refused(WebClient(token=server.app_token, base_url=server.api_url).auth_test) == "not_allowed_token_type"
    assert refused(web.apps_connections_open, app_token=server.bot_token) == "not_allowed_token_type"
    assert refused(web.api_call, api_method="no.such.method") == "unknown_method"


def test_the_manifests_scopes_are_all_that_the_bot_may_do() -> None:
    server = SlackServer().start()
    web = WebClient(token=server.bot_token, base_url=server.api_url)
    try:
        assert web.chat_postMessage(channel=ENGINEERING, text="x")["ok"]
        assert refused(web.reactions_add, channel=ENGINEERING, name="x", timestamp="1.0") == "missing_scope"
    finally:
        server.stop()


@pytest.mark.parametrize("how", ["GET", "form", "JSON"])
def test_arguments_may_come_in_any_form(server: SlackServer, web: WebClient, how: str) -> None:
    values = {"channel": ENGINEERING, "text": "hello", "metadata": METADATA if how == "JSON" else '{"event_type":"a","event_payload":{}}'}
    sent: dict[str, dict[str, Any]] = {"GET": {"http_verb": "GET", "params": values}, "form": {"data": values}, "JSON": {"json": values}}
    assert web.api_call("chat.postMessage", **sent[how])["message"]["text"] == "hello"
    assert server.requests[-1]["payload"]["text"] == "hello"
    assert server.bot_token not in str(server.requests)


def test_channels_come_a_few_at_a_time(web: WebClient) -> None:
    pages = [[channel["name"] for channel in page["channels"]] for page in web.conversations_list(limit=1000)]
    assert pages == [["engineering", "incidents"], ["random"]]
    assert [len(page["channels"]) for page in web.conversations_list(limit=1)] == [1, 1, 1]
    assert refused(web.conversations_list, cursor="nonsense") == "invalid_cursor"


def test_a_channel_is_found_by_its_name_and_a_private_one_is_not_there(web: WebClient) -> None:
    assert web.chat_postMessage(channel="#incidents", text="x")["channel"] == "C0INCIDENTS"
    for name in ("#nowhere", "C0NOWHERE", "G0PRIVATE", "#secret"):
        assert refused(web.chat_postMessage, channel=name, text="x") == "channel_not_found"


def test_the_bot_reads_a_channel_only_after_it_joined(web: WebClient) -> None:
    assert refused(web.conversations_history, channel="C0RANDOM") == "not_in_channel"
    web.conversations_join(channel="C0RANDOM")
    assert web.conversations_history(channel="C0RANDOM")["messages"] == []


def test_history_is_newest_first_and_shows_metadata_to_who_asks(web: WebClient) -> None:
    first = web.chat_postMessage(channel=ENGINEERING, text="first", metadata=METADATA)["ts"]
    web.chat_postMessage(channel=ENGINEERING, text="second")
    web.chat_postMessage(channel=ENGINEERING, text="reply", thread_ts=first)
    plainly = web.conversations_history(channel=ENGINEERING)["messages"]
    assert [message["text"] for message in plainly] == ["second", "first"]
    assert "metadata" not in plainly[1]
    assert plainly[1]["reply_count"] == 1
    page = web.conversations_history(channel=ENGINEERING, include_all_metadata=True, limit=1)
    assert page["has_more"]
    rest = web.conversations_history(channel=ENGINEERING, include_all_metadata=True, cursor=page["response_metadata"]["next_cursor"])
    assert rest["messages"][0]["metadata"] == METADATA
    replies = web.conversations_replies(channel=ENGINEERING, ts=first)["messages"]
    assert [message["text"] for message in replies] == ["first", "reply"]
    assert web.conversations_history(channel=ENGINEERING, oldest=plainly[1]["ts"])["messages"][0]["text"] == "second"


def test_an_edit_keeps_metadata_and_thread_and_shows_what_was_there_before(people: Client, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=ENGINEERING, text="one", metadata=METADATA, blocks=[section("one")])["ts"]
    web.chat_update(channel=ENGINEERING, ts=ts, text="two", blocks=[section("two")])
    web.chat_update(channel=ENGINEERING, ts=ts, text="three")
    shown = people.messages(ENGINEERING)[0]
    assert (shown.text, shown.edited) == ("three", 2)
    assert "two" in shown.all_text
    assert [body["text"] for body in shown.history] == ["one", "two"]
    assert shown.body["metadata"] == METADATA


def test_only_its_own_messages_can_be_edited_or_deleted(people: Client, web: WebClient) -> None:
    said = people.say("hello", user=BOB)
    assert refused(web.chat_update, channel=ENGINEERING, ts=said.ts, text="x") == "cant_update_message"
    assert refused(web.chat_delete, channel=ENGINEERING, ts=said.ts) == "cant_delete_message"
    assert refused(web.chat_update, channel=ENGINEERING, ts="1.000001", text="x") == "message_not_found"
    own = web.chat_postMessage(channel=ENGINEERING, text="mine")["ts"]
    web.chat_delete(channel=ENGINEERING, ts=own)
    assert [message.text for message in people.messages(ENGINEERING)] == ["hello"]


def test_what_one_person_is_shown_is_in_no_history_and_cannot_be_edited(people: Client, web: WebClient) -> None:
    ts = web.chat_postEphemeral(channel=ENGINEERING, user=BOB, text="psst")["message_ts"]
    assert [message.text for message in people.ephemerals(BOB)] == ["psst"]
    assert people.ephemerals(ALICE) == []
    assert web.conversations_history(channel=ENGINEERING)["messages"] == []
    assert refused(web.chat_update, channel=ENGINEERING, ts=ts, text="x") == "message_not_found"
    assert refused(web.chat_postEphemeral, channel="C0RANDOM", user=BOB, text="x") == "not_in_channel"
    assert refused(web.chat_postEphemeral, channel=ENGINEERING, user="U0GONE", text="x") == "user_not_in_channel"


def test_direct_messages_have_a_channel(people: Client, web: WebClient) -> None:
    channel = web.conversations_open(users=BOB)["channel"]["id"]
    assert web.chat_postMessage(channel=channel, text="for you")["channel"] == channel
    assert web.chat_postMessage(channel=BOB, text="and more")["channel"] == channel
    assert [message.text for message in people.direct(BOB)] == ["for you", "and more"]


def test_slack_says_who_is_a_guest_who_has_left_and_who_is_a_stranger(web: WebClient) -> None:
    assert web.users_info(user=GUEST)["user"]["is_restricted"]
    assert web.users_info(user="U0GONE")["user"]["deleted"]
    stranger = web.users_info(user="U0ERIN")["user"]
    assert (stranger["team_id"], stranger["is_stranger"]) == ("T0OTHER", True)
    assert web.users_info(user="U0BACKSTOP")["user"]["is_bot"]
    assert not web.users_info(user=ALICE)["user"]["is_restricted"]
    assert refused(web.users_info, user="U0NOBODY") == "user_not_found"
    assert web.usergroups_users_list(usergroup="S0DEVS")["users"] == [ALICE]
    assert refused(web.usergroups_users_list, usergroup="S0NONE") == "no_such_subteam"


def test_marks_are_made_once(web: WebClient) -> None:
    ts = web.chat_postMessage(channel=ENGINEERING, text="x")["ts"]
    web.reactions_add(channel=ENGINEERING, timestamp=ts, name="eyes")
    assert refused(web.reactions_add, channel=ENGINEERING, timestamp=ts, name="eyes") == "already_reacted"
    web.reactions_remove(channel=ENGINEERING, timestamp=ts, name="eyes")
    assert refused(web.reactions_remove, channel=ENGINEERING, timestamp=ts, name="eyes") == "no_reaction"
    web.pins_add(channel=ENGINEERING, timestamp=ts)
    assert [item["message"]["ts"] for item in web.pins_list(channel=ENGINEERING)["items"]] == [ts]
    assert refused(web.pins_add, channel=ENGINEERING, timestamp=ts) == "already_pinned"


def test_a_file_is_uploaded_into_a_channel(people: Client, web: WebClient) -> None:
    web.files_upload_v2(channel=ENGINEERING, filename="log.txt", content="line one", title="The log", initial_comment="here")
    shown = people.messages(ENGINEERING)[0]
    assert (shown.text, shown.files[0]["title"], shown.files[0]["size"]) == ("here", "The log", 8)


# response addresses


def test_a_command_can_be_answered_five_times(server: SlackServer, people: Client) -> None:
    hook = WebhookClient(server.payload("/backup", user=BOB)["response_url"])
    answers = [hook.send(text=f"answer {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert answers[5].body == "used_url"
    assert [shown.text for shown in people.ephemerals(BOB)] == [f"answer {number}" for number in range(5)]
    assert WebhookClient(f"{server.url}/response/unknown").send(text="x").body == "expired_url"


def test_an_answer_may_take_the_place_of_what_was_clicked(people: Client, web: WebClient) -> None:
    web.chat_postEphemeral(channel=ENGINEERING, user=BOB, text="page 1", blocks=[actions(button("Next", "page"))])
    clicked = people.click(people.ephemerals(BOB)[0], "Next")
    hook = WebhookClient(clicked.response_url)
    hook.send(text="page 2", replace_original=True)
    assert [(shown.text, shown.edited) for shown in people.ephemerals(BOB)] == [("page 2", 1)]
    assert hook.send(text="wrong", blocks=[{"type": "nothing"}]).body == "invalid_blocks"
    hook.send(text="beside it")
    assert [shown.text for shown in people.ephemerals(BOB)] == ["page 2", "beside it"]
    hook.send(text="", delete_original=True)
    assert [shown.text for shown in people.ephemerals(BOB)] == ["beside it"]


def test_an_answer_may_be_for_everybody(server: SlackServer, people: Client) -> None:
    WebhookClient(server.payload("/backup")["response_url"]).send(text="hear", response_type="in_channel")
    assert [shown.text for shown in people.messages(ENGINEERING)] == ["hear"]


# what slack refuses

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing": ({}, "no_text", ""),
    "a long text": ({"text": "x" * 40_001}, "msg_too_long", ""),
    "an unknown block": ({"blocks": [{"type": "sectoin"}]}, "invalid_blocks", "/blocks/0/type"),
    "a block for windows": ({"blocks": [{"type": "alert", "text": plain("x")}]}, "invalid_blocks", "/blocks/0/type"),
    "51 blocks": ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks", "/blocks"),
    "a long section": ({"blocks": [section("x" * 3001)]}, "invalid_blocks", "/blocks/0/text/text"),
    "an empty section": ({"blocks": [section("")]}, "invalid_blocks", "/blocks/0/text/text"),
    "a section without words": ({"blocks": [{"type": "section"}]}, "invalid_blocks", "/blocks/0"),
    "a marked-up header": (
        {"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]},
        "invalid_blocks",
        "/blocks/0/text/type",
    ),
    "a long label": ({"blocks": [actions(button("x" * 76, "a"))]}, "invalid_blocks", "/blocks/0/elements/0/text/text"),
    "a green button": ({"blocks": [actions(button("x", "a", style="green"))]}, "invalid_blocks", "/blocks/0/elements/0/style"),
    "a misspelt key": ({"blocks": [actions(button("x", "a", txet=1))]}, "invalid_blocks", "/blocks/0/elements/0"),
    "an action id twice": ({"blocks": [actions(button("x", "a"), button("y", "a"))]}, "invalid_blocks", "/blocks/0/elements/1/action_id"),
    "a block id twice": ({"blocks": [{**section("x"), "block_id": "b"}] * 2}, "invalid_blocks", "/blocks/1/block_id"),
    "two tables": (
        {"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2},
        "invalid_blocks",
        "/blocks",
    ),
    "a card that is too long": ({"blocks": [section("x" * 2900) for _ in range(5)]}, "msg_blocks_too_long", ""),
    "blocks that are none": ({"blocks": {"type": "divider"}}, "invalid_blocks_format", ""),
    "metadata without a type": ({"text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_format", ""),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_message_with(web: WebClient, people: Client, what: str) -> None:
    message, code, pointer = WRONG[what]
    with pytest.raises(SlackApiError) as error:
        web.api_call("chat.postMessage", json={"channel": ENGINEERING, **({} if code == "no_text" else {"text": "x"}), **message})
    assert error.value.response["error"] == code
    assert f"[json-pointer:{pointer}]" in str(error.value.response.get("response_metadata")) or not pointer
    assert people.messages(ENGINEERING) == []


def test_a_view_is_refused_with_the_place_in_it(web: WebClient) -> None:
    with pytest.raises(SlackApiError) as error:
        web.views_publish(user_id=ALICE, view={**home("x"), "blocks": [{"type": "plan", "title": "x"}]})
    assert error.value.response["error"] == "invalid_arguments"
    assert "[json-pointer:/view/blocks/0/type]" in str(error.value.response["response_metadata"])
    long = {**home("x"), "blocks": [section("é" * 3000) for _ in range(50)]}
    assert refused(web.views_publish, user_id=ALICE, view=long) == "view_too_large"


def test_every_view_of_the_bots_is_taken_by_a_judge_that_does_not_know_its_rules() -> None:
    for _, surface, payload in examples():
        judge_message(payload) if surface == "message" else judge_view(payload, surface)


def test_what_would_ring_a_phone_is_seen(people: Client, web: WebClient) -> None:
    web.chat_postMessage(
        channel=ENGINEERING, text="&lt;!channel&gt; @here", blocks=[section("quiet"), {"type": "header", "text": plain("<!here>")}]
    )
    web.chat_postMessage(channel=ENGINEERING, text="<!channel>", blocks=[section("<@U0ALICE> and <!subteam^S0DEVS>")])
    quiet, loud = people.messages(ENGINEERING)
    assert quiet.pings == []
    assert loud.pings == ["<!channel>", "<@U0ALICE>", "<!subteam^S0DEVS>"]


# faults


def test_too_many_calls_are_told_how_long_to_wait(server: SlackServer, people: Client) -> None:
    server.faults["ratelimit"] = {"method": "chat.postMessage", "seconds": 1, "times": 2}
    web = WebClient(token=server.bot_token, base_url=server.api_url)
    with pytest.raises(SlackApiError) as error:
        web.chat_postMessage(channel=ENGINEERING, text="x")
    assert (error.value.response.status_code, error.value.response.headers["Retry-After"]) == (429, "1")
    web.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    web.chat_postMessage(channel=ENGINEERING, text="x")
    assert len(people.messages(ENGINEERING)) == 1
    assert not server.faults


def test_an_answer_can_get_lost_after_the_deed(server: SlackServer, people: Client, web: WebClient) -> None:
    web.retry_handlers.clear()
    server.faults["lost_answer"] = {"method": "chat.postMessage"}
    with pytest.raises(ConnectionError):
        web.chat_postMessage(channel=ENGINEERING, text="x")
    assert len(people.messages(ENGINEERING)) == 1
    assert web.chat_postMessage(channel=ENGINEERING, text="y")["ok"]


def test_slack_can_be_down_slow_or_say_no(server: SlackServer, web: WebClient) -> None:
    server.faults["down"] = True
    with pytest.raises(SlackApiError) as error:
        web.auth_test()
    assert error.value.response.status_code == 503
    server.faults["down"] = None
    server.faults["refuse_token"] = True
    assert refused(web.auth_test) == "invalid_auth"
    del server.faults["refuse_token"]
    server.faults["error"] = {"method": "*", "code": "fatal_error"}
    assert refused(web.auth_test) == "fatal_error"
    server.faults["slow"] = {"method": "auth.test", "seconds": 0.3, "times": 1}
    began = time.monotonic()
    web.auth_test()
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("name", "fault"), [("dwon", True), ("down", {"method": "*"}), ("ratelimit", True)])
def test_a_fault_that_does_not_exist_is_an_error(server: SlackServer, name: str, fault: Any) -> None:
    with pytest.raises(ValueError, match="no fault"):
        server.faults[name] = fault


# what stays


def test_a_restart_keeps_what_everybody_saw(tmp_path: Path) -> None:
    first = SlackServer(tmp_path).start()
    web = WebClient(token=first.bot_token, base_url=first.api_url)
    card = web.chat_postMessage(channel=ENGINEERING, text="x", metadata=METADATA)["ts"]
    gone = web.chat_postMessage(channel=ENGINEERING, text="gone")["ts"]
    web.chat_update(channel=ENGINEERING, ts=card, text="edited")
    web.chat_delete(channel=ENGINEERING, ts=gone)
    web.chat_postMessage(channel=BOB, text="for you")
    web.chat_postEphemeral(channel=ENGINEERING, user=BOB, text="psst")
    view = web.views_publish(user_id=ALICE, view=home("mine"))["view"]
    first.stop()

    second = SlackServer(tmp_path).start()
    try:
        kept = second.client.messages(ENGINEERING)
        assert [(message.ts, message.text, message.edited) for message in kept] == [(card, "edited", 1)]
        assert [message.text for message in second.client.direct(BOB)] == ["for you"]
        assert second.client.ephemerals(BOB) == []
        again = second.client.home(ALICE)
        assert again is not None
        assert (again.id, again.hash) == (view["id"], view["hash"])
        web = WebClient(token=second.bot_token, base_url=second.api_url)
        assert web.chat_update(channel=ENGINEERING, ts=card, text="again")["ok"]
    finally:
        second.stop()


def test_a_stopped_server_starts_again_at_the_same_address(server: SlackServer, people: Client, web: WebClient) -> None:
    web.chat_postMessage(channel=ENGINEERING, text="before")
    server.stop()
    assert [message.text for message in people.messages(ENGINEERING)] == ["before"]
    server.start()
    web.chat_postMessage(channel=ENGINEERING, text="after")
    assert len(people.messages(ENGINEERING)) == 2


def test_what_was_shown_is_collected_and_what_was_refused_is_not(
    server: SlackServer, web: WebClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTOP_PAYLOADS", str(tmp_path))
    web.chat_postMessage(channel=ENGINEERING, text="x", blocks=[section("x")])
    web.views_publish(user_id=ALICE, view=home("x"))
    refused(web.chat_postMessage, channel=ENGINEERING, text="x", blocks=[section("")])
    WebhookClient(server.payload("/backup")["response_url"]).send(text="x", blocks=[section("x")])
    assert sorted(path.name.partition("-")[0] for path in tmp_path.iterdir()) == ["home", "message", "message"]


def test_people_and_the_bot_act_at_once(people: Client, web: WebClient) -> None:
    threads = [threading.Thread(target=people.say, args=(f"said {number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for number in range(20):
        web.chat_postMessage(channel=ENGINEERING, text=f"posted {number}")
    for thread in threads:
        thread.join()
    assert len({message.ts for message in people.messages(ENGINEERING)}) == 40
