"""The sandbox's Socket Mode: envelopes, acknowledgements, refreshes, cuts."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.slack import Client, Outcome, SlackServer
from tests.bolt import BOB, Ack, Listening, app, echoing


def test_a_refresh_loses_nothing(server: SlackServer, people: Client) -> None:
    with app(server, echoing):
        for _ in range(3):
            server.refresh()
            assert all(people.command("/backup").acked for _ in range(5))


def test_a_connection_can_be_cut_without_a_word(server: SlackServer, people: Client) -> None:
    with socket(server) as first, socket(server) as second:
        server.drop(1)
        with pytest.raises(ConnectionClosedError):
            first.recv(30)
        people.wait(lambda: server.connections == 1, "the end of one connection")
        with answering(people) as outcomes:
            second.send(json.dumps({"envelope_id": heard(second)["envelope_id"]}))
    assert outcomes[0].acked


def test_while_slack_is_down_connections_are_cut_and_refused(server: SlackServer, people: Client) -> None:
    again = address(server)
    with socket(server) as websocket:
        server.faults["down"] = True
        with pytest.raises(ConnectionClosedError):
            websocket.recv(30)
    with pytest.raises(InvalidStatus), connect(again, proxy=None):
        pass
    server.faults["down"] = None
    with connect(again, proxy=None) as websocket:
        assert heard(websocket)["type"] == "hello"
    people.wait(lambda: server.connections == 0, "the end of the connection")


def test_envelopes_go_to_every_connection_by_turns(server: SlackServer, people: Client) -> None:
    one: list[int] = []

    def counting(place: int) -> Listening:
        def listening(bolt: AsyncApp) -> None:
            @bolt.command("/backup")
            async def _(ack: Ack) -> None:
                one.append(place)
                await ack()

        return listening

    with app(server, counting(1), 1), app(server, counting(2), 1):
        for _ in range(40):
            assert people.command("/backup").acked
    assert len(one) == 40
    assert set(one) == {1, 2}


@contextmanager
def socket(server: SlackServer) -> Iterator[ClientConnection]:
    """A connection without any library of Slack's, after its hello."""
    with connect(address(server), proxy=None) as websocket:
        assert heard(websocket)["type"] == "hello"
        yield websocket


def address(server: SlackServer) -> str:
    return str(WebClient(base_url=server.api_url).apps_connections_open(app_token=server.app_token)["url"])


def heard(websocket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(websocket.recv(30))
    return found


@contextmanager
def answering(people: Client) -> Iterator[list[Outcome]]:
    """A command is under way; its outcome is there at the end."""
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(people.command("/backup quick now")))
    thread.start()
    yield outcomes
    thread.join()


def test_a_ticket_is_good_for_one_connection_and_an_app_has_ten_at_most(server: SlackServer) -> None:
    addresses = [address(server) for _ in range(11)]
    with ExitStack() as stack:
        hellos = [heard(stack.enter_context(connect(each, proxy=None))) for each in addresses]
        assert [hello["type"] for hello in hellos] == ["hello"] * 10 + ["disconnect"]
        assert [hello["num_connections"] for hello in hellos[:10]] == list(range(1, 11))
        assert hellos[10]["reason"] == "too_many_websockets"
    with pytest.raises(InvalidStatus), connect(addresses[0], proxy=None):
        pass


def test_an_envelope_is_as_slack_writes_it(server: SlackServer, people: Client) -> None:
    with socket(server) as websocket, answering(people) as outcomes:
        envelope = heard(websocket)
        websocket.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "right"}}))
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert (envelope["payload"]["command"], envelope["payload"]["text"]) == ("/backup", "quick now")
    assert outcomes[0].response == {"text": "right"}


def test_a_connection_that_was_warned_is_still_used(server: SlackServer, people: Client) -> None:
    with socket(server) as websocket:
        server.refresh("warning")
        assert heard(websocket)["reason"] == "warning"
        with answering(people) as outcomes:
            websocket.send(json.dumps({"envelope_id": heard(websocket)["envelope_id"]}))
        assert outcomes[0].acked


def test_an_acknowledgement_counts_from_any_connection(server: SlackServer, people: Client) -> None:
    with socket(server) as websocket:
        with answering(people) as outcomes:
            envelope = heard(websocket)
            with socket(server) as other:
                other.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
        assert outcomes[0].acked


def test_an_event_that_is_not_acknowledged_comes_again(server: SlackServer, people: Client) -> None:
    attempts: list[tuple[str, Any]] = []

    def listening(bolt: AsyncApp) -> None:
        @bolt.event("app_home_opened")
        async def _(body: dict[str, Any], request: Any) -> None:
            attempts.append((body["event_id"], request.headers.get("x-slack-retry-num")))
            if len(attempts) == 1:
                raise RuntimeError("the first time goes wrong")

    with app(server, listening):
        assert people.open_home(BOB).acked
    assert [number for _, number in attempts] == [["0"], ["1"]]
    assert len({event for event, _ in attempts}) == 1


def test_what_was_sent_can_be_sent_again(server: SlackServer, people: Client) -> None:
    with app(server, echoing):
        first = people.command("/backup quick")
        again = people.deliver_again(first)
    assert again.response == first.response
    assert again.trigger == first.trigger


def test_acknowledgements_are_measured_where_they_arrive(server: SlackServer) -> None:
    with app(server, echoing):
        for together in (1, 10):
            taken = asyncio.run(server.measure([server.payload("/backup help") for _ in range(20)], together))
            assert len(taken) == 20
            assert all(0 < milliseconds < 3000 for milliseconds in taken)
    with pytest.raises(RuntimeError, match="dispatch_failed"):
        asyncio.run(server.measure([server.payload("/backup help")], 1))
