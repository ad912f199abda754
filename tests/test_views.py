"""Every view, with the longest and nastiest content: within Slack's limits, typed as Slack types it, pinging nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.views.limits import BadPayload, Surface, check
from tests import payloads
from tests.payloads.examples import NASTY, examples

WHOLE = list(examples())
NAMES = [f"{surface}: {name}" for name, surface, _ in WHOLE]


@pytest.mark.parametrize(("name", "surface", "shown"), WHOLE, ids=NAMES)
def test_slack_takes_it(name: str, surface: Surface, shown: dict[str, object]) -> None:
    check(shown, surface)
    if surface == "message":
        assert str(shown["text"]).strip(), name


@pytest.mark.parametrize(("name", "surface", "shown"), WHOLE, ids=NAMES)
def test_nothing_that_somebody_typed_pings_anybody(name: str, surface: Surface, shown: dict[str, object]) -> None:
    text = json.dumps(shown, ensure_ascii=False)
    assert "<!channel>" not in text, (name, surface)
    assert not re.search(r"<@U0(?!BOB|ALICE)", text)
    assert NASTY[:20] not in text


def test_every_view_compiles_against_slacks_own_types(tmp_path: Path) -> None:
    for place, (_, surface, shown) in enumerate(WHOLE):
        (tmp_path / f"{place}.json").write_text(json.dumps({"surface": surface, "payload": shown}))
    assert payloads.complaints(payloads.collect(tmp_path)) == []


def test_a_payload_that_slack_would_refuse_is_found(tmp_path: Path) -> None:
    wrong = {"text": "x", "blocks": [{"type": "sectoin", "text": {"type": "mrkdwn", "text": "x"}}]}
    (tmp_path / "1.json").write_text(json.dumps({"surface": "message", "payload": wrong}))
    assert payloads.complaints(payloads.collect(tmp_path))
    with pytest.raises(BadPayload):
        check({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "y" * 4000}}]}, "message")
