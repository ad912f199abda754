"""B20 as people see it: what is wrong is told once in every channel, until it is over; what cannot be told there is told elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.outside import MailServer, PagingServer
from sandbox.slack import Client, Shown
from tests.cards import answer, clicked, taken
from tests.scheduling import in_use_since_yesterday, scheduled, titled
from tests.selling import until, window
from tests.world import BOB, CAROL, ENGINEERING, INCIDENTS, Process, World, process, wait_for, world

ON_CALL = "oncall@harbour.example"


@dataclass(kw_only=True)
class Office:
    """A world whose alerts go everywhere."""

    place: World
    mail: MailServer
    paging: PagingServer

    @property
    def slack(self) -> Client:
        """Slack, as people use it."""
        return self.place.slack.client

    @contextmanager
    def bot(self) -> Iterator[Process]:
        """The bot, connected, in a process of its own: it has to trust the mail server's authority."""
        with process(self.place) as bot:
            yield bot.connected()

    def card(self, words: str, channel: str = ENGINEERING) -> Shown:
        """An alert's card."""
        return until(self.slack, channel, lambda shown: words in shown.all_text)


def alerting(night: str = "03:00-03:01") -> str:
    """Settings of the alerts; a night that is over soon."""
    return f'[alerts]\nemail = ["{ON_CALL}"]\nnight = "{night}"\n'


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    mail, paging = MailServer(tmp_path / "mail").start(), PagingServer().start()
    try:
        with world(tmp_path, more=scheduled(timedelta(hours=1)) + 'weekly = "mon 09:00"\n' + alerting()) as place:
            place.variables |= {
                "SMTP_URL": mail.url,
                "SSL_CERT_FILE": str(mail.authority),
                "PAGERDUTY_KEY": paging.key,
                "PAGERDUTY_URL": paging.url,
                "BACKUP_PING_URL": f"{paging.ping_url}/backups",
                "HEARTBEAT_URL": f"{paging.ping_url}/heartbeat",
            }
            in_use_since_yesterday(place)
            yield Office(place=place, mail=mail, paging=paging)
    finally:
        paging.stop()
        mail.stop()


def test_a_failed_automated_backup_is_told_once_everywhere_and_its_end_too(office: Office) -> None:
    office.place.production.faults["export"] = "fail"
    with office.bot() as bot:
        card = office.card("P0 · The automated backup did not succeed")
        urgent = office.card("P0 · The automated backup did not succeed", INCIDENTS)
        assert "<@U0CAROL>" in str(urgent.blocks)
        assert "<@" not in str(card.blocks).replace("nobody", "")
        page = wait_for(lambda: next(iter(office.paging.events), None), "a page")
        assert (page["event_action"], page["payload"]["severity"]) == ("trigger", "critical")
        mail = wait_for(lambda: next(iter(office.mail.taken), None), "a mail")
        assert (mail.to, mail.subject) == ((ON_CALL,), "[P0] The automated backup did not succeed")
        assert "What to do: Nothing tries it again" in mail.text
        wait_for(lambda: "e-mail told" in str(office.card("P0 · The automated backup did not succeed").blocks), "who was told, on the card")
        assert "You have it in hand" in clicked(office.slack, card, "alert_acknowledge", user=BOB).all_text
        wait_for(lambda: office.paging.incidents[page["dedup_key"]]["status"] == "acknowledged", "the acknowledgement at PagerDuty")
        assert "has it in hand already" in clicked(office.slack, card, "alert_acknowledge", user=CAROL).all_text
        office.place.production.faults["export"] = None
        taken(office.slack, "/backup full")
        over = office.card("Over: The automated backup did not succeed")
        assert "There is a good full backup again: full-" in str(over.blocks)
        wait_for(lambda: office.paging.incidents[page["dedup_key"]]["status"] == "resolved", "the end at PagerDuty")
        wait_for(lambda: len(office.mail.taken) == 2, "the end by mail")
        assert office.mail.taken[1].subject == "[P0] Resolved: The automated backup did not succeed"
        assert office.mail.taken[1].message["References"] == mail.message["References"]
        said = bot.words
    assert [each["event_action"] for each in office.paging.events] == ["trigger", "acknowledge", "resolve"]
    told = titled(office.slack, "The automated backup", INCIDENTS)
    assert len([each for each in told if "Backup health" not in each.text]) == 1
    for secret in (office.mail.password, office.paging.key, office.paging.ping_url):
        assert secret not in said
        assert secret not in (office.place.backups / ".state" / "bot.sqlite").read_bytes().decode("latin-1")


def test_the_dead_mans_switch_hears_of_the_bot_and_of_the_automated_backup(office: Office) -> None:
    with office.bot():
        wait_for(lambda: [each for each in office.paging.pings if each[0] == "backups"], "the end of the backup at the switch")
        wait_for(lambda: [each for each in office.paging.pings if each[0] == "heartbeat"], "a heartbeat")
    runs = {path: run for path, run, _ in office.paging.pings if path.startswith("backups")}
    assert set(runs) == {"backups/start", "backups"}
    assert len(set(runs.values())) == 1


def test_a_backup_that_fails_is_told_to_the_dead_mans_switch(office: Office) -> None:
    office.place.production.faults["export"] = "fail"
    with office.bot():
        wait_for(lambda: [each for each in office.paging.pings if each[0] == "backups/fail"], "the failure at the switch")


def test_where_mail_is_refused_the_other_channels_say_so_with_what_was_not_told_and_it_arrives_later(office: Office) -> None:
    office.place.production.faults["export"] = "fail"
    office.mail.fault = "login"
    with office.bot() as bot:
        card = until(office.slack, INCIDENTS, lambda shown: "Alerts do not arrive by e-mail" in shown.all_text, limit=120)
        assert "refuses the login" in str(card.blocks)
        assert "P0: The automated backup did not succeed" in str(card.blocks)
        wait_for(lambda: [each for each in office.paging.events if "do not arrive by e-mail" in each["payload"]["summary"]], "a page")
        office.mail.fault = None
        until(office.slack, INCIDENTS, lambda shown: "Over: Alerts do not arrive by e-mail" in shown.all_text, limit=150)
        assert office.mail.taken[0].subject == "[P0] The automated backup did not succeed"
        assert office.mail.password not in bot.words


def test_what_pagerduty_does_not_take_for_the_moment_is_sent_again(office: Office) -> None:
    office.place.production.faults["export"] = "fail"
    office.paging.status = 429
    with office.bot():
        wait_for(lambda: office.paging.tries, "a try")
        wait_for(lambda: office.mail.taken, "the mail, which does not wait for PagerDuty")
        office.paging.status = None
        wait_for(lambda: office.paging.events, "the page")
    assert len({each["dedup_key"] for each in office.paging.events}) == 1


def test_a_mail_server_that_hangs_holds_up_neither_the_page_nor_the_heartbeat(office: Office) -> None:
    office.place.production.faults["export"] = "fail"
    office.mail.fault = "hang"
    with office.bot():
        wait_for(lambda: office.mail.tries, "a mail that is handed in and not answered")
        wait_for(lambda: office.paging.events, "the page", limit=15)
        wait_for(lambda: [each for each in office.paging.pings if each[0] == "heartbeat"], "a heartbeat", limit=15)


def test_an_alert_that_is_kept_quiet_says_by_whom_why_and_until_when_and_one_that_a_person_ends_is_over(office: Office) -> None:
    office.place.production.faults["export"] = "fail"
    with office.bot():
        card = office.card("P0 · The automated backup did not succeed")
        assert "The automated backup did not succeed" in str(answer(office.slack, "/ops alerts").blocks)
        wait_for(lambda: office.mail.taken, "the mail: of what is over before anybody heard of it nobody hears")
        assert office.slack.click(card, "alert_snooze", user=BOB).acked
        view = window(office.slack, BOB)
        refused = office.slack.submit(view, {"hours": "4", "reason": " "}, user=BOB)
        assert refused.errors == {"reason": "Say it in a few words."}
        office.slack.submit(view, {"hours": "4", "reason": "Convex is <!channel> down"}, user=BOB)
        quiet = until(office.slack, ENGINEERING, lambda shown: "quiet until" in shown.all_text)
        assert "<!channel>" not in str(quiet.blocks)
        wait_for(lambda: "acknowledged" in [each["status"] for each in office.paging.incidents.values()], "the quiet at PagerDuty")
        assert office.slack.click(card, "alert_close", user=BOB).acked
        office.slack.submit(window(office.slack, BOB), {"reason": "The day is over"}, user=BOB)
        assert "“The day is over”" in str(office.card("Over: The automated backup").blocks)
        assert "No alert is open" in str(answer(office.slack, "/ops alerts").blocks)
        wait_for(lambda: len(office.mail.taken) == 2, "the end by mail")
        for late in ("alert_snooze", "alert_close"):  # on the card as somebody has it on the screen yet
            assert office.slack.click(card, late, user=CAROL).acked
            assert "That alert is over" in window(office.slack, CAROL).all_text


def test_who_has_no_right_to_keep_an_alert_quiet_is_told_who_has(office: Office) -> None:
    office.place.production.faults["export"] = "fail"
    with office.bot():
        card = office.card("P0 · The automated backup did not succeed")
        said = clicked(office.slack, card, "alert_snooze").all_text
        assert "You may not decide about a halted operation or an alert. This needs the role Eng Lead, CTO or DevOps" in said
