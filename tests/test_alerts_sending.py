"""B20: mails, pages and pings as they leave: over TLS, tried again after rests, and what is not taken is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ops.alerts import causes, outgoing, records, telling
from ops.alerts.severity import Severity
from ops.database import DeliveryRow
from ops.errors import Failed
from ops.services import mail, pagerduty, pings
from ops.services.trusted import certificates
from sandbox.outside import MailServer, PagingServer
from tests.alerting import NOW, alert_of, cause, engine, facts, kept, settings, wanted

__all__ = ["engine"]  # the fixture


@pytest.fixture(params=[False, True], ids=["starttls", "tls"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    server = MailServer(tmp_path, implicit=request.param).start()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    certificates.cache_clear()
    yield server
    server.stop()
    certificates.cache_clear()


LETTER = mail.Mail(to=("a@b.example", "c@d.example"), sender="", subject="It\nfailed", text="Größe: 3 MB", id="1", thread="0", urgent=True)


def test_a_mail_is_handed_in_over_tls_with_a_login(server: MailServer) -> None:
    mail.send(server.url, LETTER)
    (taken,) = server.taken
    assert (taken.to, taken.subject, taken.text.strip()) == (LETTER.to, "It failed", LETTER.text)
    assert taken.message["From"] == server.user


@pytest.mark.parametrize(
    ("fault", "words"), [("login", "refuses the login"), ("refuse", r"refuses the mail \(554\)"), ("hang", "does not answer")]
)
def test_a_mail_server_that_refuses_or_hangs_is_said_without_its_password(
    server: MailServer, fault: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "LIMIT", 1.0)
    server.fault = fault
    with pytest.raises(Failed, match=words) as failed:
        mail.send(server.url, LETTER)
    assert server.password not in f"{failed.value!r}{failed.value.message}{failed.value.remedy}"


def test_no_mail_goes_to_a_server_whose_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    server = MailServer(tmp_path).start()
    try:
        with pytest.raises(Failed, match="cannot be used"):
            mail.send(server.url, LETTER)
        assert server.taken == []
    finally:
        server.stop()


@pytest.mark.parametrize(("status", "words"), [(429, "429"), (400, "refuses the event"), (500, r"refuses the event \(500\)")])
def test_what_pagerduty_does_not_take_is_said(status: int, words: str) -> None:
    paging = PagingServer().start()
    event = pagerduty.Event(deed="trigger", key="k", summary="x" * 3000, source="s", severity="critical", at=NOW, component="c", details={})
    try:
        pagerduty.send(paging.url, paging.key, event)
        paging.status = status
        with pytest.raises(Failed, match=words):
            pagerduty.send(paging.url, paging.key, event)
        paging.status = None
        with pytest.raises(Failed, match="PAGERDUTY_KEY"):
            pagerduty.send(paging.url, "wrong", event)
        with pytest.raises(Failed, match="404"):
            pings.ping(f"{paging.url}/nowhere", "start")
    finally:
        paging.stop()
    with pytest.raises(Failed, match="does not answer"):
        pagerduty.send(paging.url, paging.key, event)


def test_a_ping_says_the_state_before_what_its_address_asks_for() -> None:
    url = "https://hc-ping.com/key/backups"
    assert [pings.address(url, each) for each in ("start", "success", "fail")] == [f"{url}/start", url, f"{url}/fail"]
    assert pings.address(f"{url}/?create=1", "start") == f"{url}/start?create=1"
    paging = PagingServer().start()
    try:
        pings.ping(f"{paging.ping_url}/backups?create=1", "start", "began", "automated-1")
        pings.ping(f"{paging.ping_url}/backups?create=1", "success", "", "automated-1")
    finally:
        paging.stop()
    (start, run, body), (end, same, _) = paging.pings
    assert (start, end, body) == ("backups/start", "backups", "began")
    assert run == same != ""


def test_deliveries_are_tried_in_their_order_again_after_rests_and_given_up_after_a_day(engine: Engine, tmp_path: Path) -> None:
    paging = PagingServer().start()
    try:
        found = settings(tmp_path, pagerduty_key=paging.key).model_copy(update={"pagerduty_url": paging.url})
        alert = kept(engine, cause())
        telling.tell(engine, [alert], found, datetime.now(UTC))
        paging.status = 500
        assert outgoing.deliver(engine, found, telling.PAGER) == 0
        records.resolve(engine, alert.id, "over", datetime.now(UTC), tell=telling.tell_change(found, datetime.now(UTC)))
        assert wanted(engine) == [("PagerDuty", "opened"), ("PagerDuty", "resolved")]
        paging.status = None
        assert outgoing.deliver(engine, found, telling.PAGER) == 0  # the first one rests, and the second must not overtake it
        _make_due(engine)
        assert [outgoing.deliver(engine, found, telling.PAGER), outgoing.deliver(engine, found, telling.PAGER)] == [1, 1]
        assert [each["event_action"] for each in paging.events] == ["trigger", "resolve"]
        other = kept(engine, cause("restore"))
        telling.tell(engine, [other], found, datetime.now(UTC) - timedelta(days=2))
        paging.status = 500
        assert outgoing.deliver(engine, found, telling.PAGER) == 0
        _make_due(engine)
        assert (outgoing.deliver(engine, found, telling.PAGER), paging.tries) == (0, 4)
    finally:
        paging.stop()


def test_an_address_that_is_refused_costs_the_others_no_mail_twice_and_is_named(server: MailServer, engine: Engine, tmp_path: Path) -> None:
    server.refused = {"gone@harbour.example": 550, "full@harbour.example": 452}
    found = settings(tmp_path, smtp_url=server.url)
    everybody = found.alerts.model_copy(update={"email": ("good@harbour.example", *server.refused)})
    found = found.model_copy(update={"alerts": everybody})
    alert = kept(engine, cause())
    telling.tell(engine, [alert], found, datetime.now(UTC))
    for _ in range(outgoing.FAILING + 1):
        outgoing.deliver(engine, found, telling.MAIL)
        _make_due(engine)
    assert [each.to for each in server.taken] == [("good@harbour.example",)]
    assert outgoing.undelivered(engine) == []  # e-mail is not broken
    unreached = outgoing.unreached(engine, found.alerts.email, NOW)
    assert [(each.address, each.code) for each in unreached] == [("gone@harbour.example", 550), ("full@harbour.example", 452)]
    named = causes.causes(facts(unreached=tuple(unreached)), NOW)
    assert [(each.title, each.severity) for each in named] == [
        ("No alert reaches gone@harbour.example by e-mail", Severity.P1),
        ("No alert reaches full@harbour.example by e-mail", Severity.P1),
    ]
    records.resolve(engine, alert.id, "over", datetime.now(UTC), tell=telling.tell_change(found, datetime.now(UTC)))
    server.refused = {"gone@harbour.example": 550}
    outgoing.deliver(engine, found, telling.MAIL)
    assert [(each.to, each.subject) for each in server.taken[1:]] == [
        (("full@harbour.example",), "[P0] It failed"),
        (("good@harbour.example", "full@harbour.example"), "[P0] Resolved: It failed"),
    ]  # the end waits for nobody, and what was refused for now follows
    assert [each.address for each in outgoing.unreached(engine, found.alerts.email, NOW)] == ["gone@harbour.example"]
    assert outgoing.unreached(engine, ("good@harbour.example",), NOW) == []  # whoever is not in the settings is not missed
    assert causes.over(alert_of("address:gone@harbour.example"), facts())


def test_a_mail_that_is_refused_for_everybody_is_a_broken_channel(server: MailServer, engine: Engine, tmp_path: Path) -> None:
    server.refused = {"a@b.example": 550}
    found = settings(tmp_path, smtp_url=server.url)
    telling.tell(engine, [kept(engine, cause())], found, datetime.now(UTC))
    for _ in range(outgoing.FAILING):
        assert outgoing.deliver(engine, found, telling.MAIL) == 0
        _make_due(engine)
    (broken,) = outgoing.undelivered(engine)
    assert broken.error == "The mail server refuses a@b.example (550)."
    assert outgoing.unreached(engine, found.alerts.email, NOW) == []


def _make_due(engine: Engine) -> None:
    """Time passes."""
    with Session(engine) as session, session.begin():
        for row in session.scalars(select(DeliveryRow).where(DeliveryRow.until.is_not(None))):
            row.until = datetime.now(UTC) - timedelta(seconds=1)


def test_what_backstop_itself_cannot_send_is_a_broken_channel_too(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a header of secret-words")

    monkeypatch.setattr(mail, "send", broken)
    found = settings(tmp_path, smtp_url="smtps://user:secret-words@mail.example")
    telling.tell(engine, [kept(engine, cause())], found, datetime.now(UTC))
    for _ in range(outgoing.FAILING):
        assert outgoing.deliver(engine, found, telling.MAIL) == 0
        _make_due(engine)
    (undelivered,) = outgoing.undelivered(engine)
    assert undelivered.error == "Backstop itself could not send it (ValueError): the log of the bot has more."
    assert undelivered.titles == ("P0: It failed",)


@pytest.mark.parametrize(
    "url",
    ["http://mail.example", "smtp://", "smtp://user:pa/ss@h:99999", "smtp://h/path", "smtp://u:pass@h:99999", "smtp://u:pa#ss@h"],
)
def test_an_smtp_address_that_is_none_is_refused_without_being_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(Exception, match="smtps://user:password@") as refused:
        settings(tmp_path, smtp_url=url)
    assert not any(each in str(refused.value) for each in ("pa/ss", "pass@h", "pa#ss"))


def test_what_a_bot_that_stood_still_says_of_a_delivery_does_not_undo_what_another_one_did(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paging = PagingServer().start()
    try:
        found = settings(tmp_path, pagerduty_key=paging.key).model_copy(update={"pagerduty_url": paging.url})
        telling.tell(engine, [kept(engine, cause())], found, datetime.now(UTC))
        send = pagerduty.send

        def stand_still(*_: object) -> None:
            monkeypatch.setattr(pagerduty, "send", send)
            _make_due(engine)  # the lease is over
            assert outgoing.deliver(engine, found, telling.PAGER) == 1
            raise Failed("PagerDuty does not answer (ReadTimeout).", "It is tried again.")

        monkeypatch.setattr(pagerduty, "send", stand_still)
        assert outgoing.deliver(engine, found, telling.PAGER) == 0
        _make_due(engine)
        assert (outgoing.deliver(engine, found, telling.PAGER), len(paging.events)) == (0, 1)
        assert outgoing.undelivered(engine) == []
    finally:
        paging.stop()


def test_of_many_mails_a_server_that_gives_no_answer_is_asked_once_a_round_so_that_it_is_soon_said_to_be_broken(
    server: MailServer, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fault = "hang"
    found = settings(tmp_path, smtp_url=server.url)
    telling.tell(engine, [kept(engine, cause(key)) for key in ("restore", "log", "verifier")], found, datetime.now(UTC))
    with monkeypatch.context() as patience:
        patience.setattr(mail, "LIMIT", 0.5)
        for turn in range(outgoing.FAILING):
            assert outgoing.deliver(engine, found, telling.MAIL) == 0
            with Session(engine) as session:
                assert session.scalar(select(func.sum(DeliveryRow.attempts))) == turn + 1
            _make_due(engine)
    assert [each.channel for each in outgoing.undelivered(engine)] == [telling.MAIL]
    server.fault = None
    assert outgoing.deliver(engine, found, telling.MAIL) == 3


def test_of_what_waits_for_the_mail_server_a_p0_leaves_first(server: MailServer, engine: Engine, tmp_path: Path) -> None:
    found, now = settings(tmp_path, smtp_url=server.url), datetime.now(UTC)
    telling.tell(engine, [kept(engine, cause("storage", severity=Severity.P1))], found, now - timedelta(hours=1))
    telling.tell(engine, [kept(engine, cause("restore"))], found, now)
    assert outgoing.deliver(engine, found, telling.MAIL) == 2
    assert [each.subject for each in server.taken] == ["[P0] It failed", "[P1] It failed"]


def test_of_many_pages_a_pagerduty_that_asks_to_wait_is_sent_one(engine: Engine, tmp_path: Path) -> None:
    paging = PagingServer().start()
    try:
        found = settings(tmp_path, pagerduty_key=paging.key).model_copy(update={"pagerduty_url": paging.url})
        telling.tell(engine, [kept(engine, cause(key)) for key in ("restore", "log", "verifier")], found, datetime.now(UTC))
        paging.status = 429
        assert (outgoing.deliver(engine, found, telling.PAGER), paging.tries) == (0, 1)
        paging.status = None
        _make_due(engine)
        assert outgoing.deliver(engine, found, telling.PAGER) == 3
    finally:
        paging.stop()
