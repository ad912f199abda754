"""What is wrong with the ways by which people hear of anything: the log, the channels, the weekly test (X10, B20); when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops.alerts.alert import LOG, Alert, Cause
from ops.alerts.facts import Facts
from ops.alerts.severity import Severity

CHANNEL, PLACE, ADDRESS, UNHEARD, UNANSWERED = "channel:", "place:", "address:", "unheard:", "canary-unanswered"
_UNANSWERED_AFTER = timedelta(days=1)


def wrong(facts: Facts, now: datetime) -> list[Cause]:
    """All of it."""
    found = [_log(facts, now), *_channels(facts), *_places(facts), *_addresses(facts), *_unheard(facts), _unanswered(facts, now)]
    return [each for each in found if each is not None]


def _log(facts: Facts, now: datetime) -> Cause | None:
    """The activity log was changed, or is another one (X10)."""
    if not facts.log:
        return None
    more = f" And {len(facts.log) - 1} more." if len(facts.log) > 1 else ""
    return Cause(
        key=LOG,
        severity=Severity.P0,
        title="The activity log is not as it was written",
        text=f"{facts.log[0]}{more}",
        remedy=(
            "Was the database lost, or restored from an older copy? Then a CTO ends this alert and says so: the log counts from there on. "
            "If not, find out who can write to the database, and keep a copy of it as it is. `/ops verify-log` lists every place."
        ),
        at=now,
        lasting=True,
    )


def _channels(facts: Facts) -> list[Cause]:
    """Alerts that did not arrive: the other channels say so, with what it was."""
    return [
        Cause(
            key=f"{CHANNEL}{each.channel}",
            severity=Severity.P0 if any(title.startswith(Severity.P0) for title in each.titles) else Severity.P1,
            title=f"Alerts do not arrive by {each.channel}",
            text=f"{each.error} Not told there: {'; '.join(each.titles[:5])}",
            remedy="It is tried again for a day. Tell whoever reads only there.",
            at=each.since,
            lasting=True,
        )
        for each in facts.undelivered
    ]


def _channel_over(alert: Alert, facts: Facts) -> str | None:
    """It took something since."""
    name = alert.key.removeprefix(CHANNEL)
    at = facts.taken.get(name)
    return f"{name} takes alerts again." if at is not None and at > alert.at else None


def _places(facts: Facts) -> list[Cause]:
    """Channels of Slack's that it refuses, while it takes others; what waits there is not named, as that would be news each time."""
    return [
        Cause(
            key=f"{PLACE}{each.channel}",
            severity=Severity.P1,
            title=f"Slack takes no posts in {each.channel}",
            text=f"Slack says `{each.code}`. What belongs there, alerts too, is kept and follows. Other channels take theirs.",
            remedy=(
                f"Invite Backstop to {each.channel} (an archived channel is brought back first), "
                "or correct `[slack]` in `backstop.toml` and start Backstop again."
            ),
            at=each.since,
            lasting=True,
        )
        for each in facts.unplaced
    ]


def _place_over(alert: Alert, _facts: Facts) -> str | None:
    """It took what waited, or that goes elsewhere."""
    return f"What waited for {alert.key.removeprefix(PLACE)} is posted, or `[slack]` names another channel."


def _unheard(facts: Facts) -> list[Cause]:
    """A person said that the test of the alerts did not arrive by a channel, which may have taken it all the same."""
    test = facts.canary
    if test is None or not test.is_open or test.unheard is None:
        return []
    lacking, by = test.unheard["lacking"], test.unheard["by"]
    return [
        Cause(
            key=f"{UNHEARD}{name}",
            severity=Severity.P1,
            title=f"The test of the alerts did not arrive by {name}",
            text=f"{by} looked. It was sent {test.opened_at:%Y-%m-%d %H:%M} UTC; a P0 alert would not arrive there either.",
            remedy=f"{_LOOK_AT[name]} Then say on the test's card where it arrived, or wait for the next test.",
            at=datetime.fromisoformat(test.unheard["at"]),
        )
        for name in lacking
    ]


_LOOK_AT = {
    "e-mail": "Look at SMTP_URL, at `[alerts] email`, and at your filters.",
    "PagerDuty": "Look at PAGERDUTY_KEY, and at who is on call for that service at PagerDuty.",
}


def _heard(alert: Alert, facts: Facts) -> str | None:
    """Somebody said since that a test arrived there."""
    test, name = facts.canary, alert.key.removeprefix(UNHEARD)
    if test is None:
        return None
    everywhere = test.resolved_at if test.resolved_by else None
    there = datetime.fromisoformat(test.unheard["at"]) if test.unheard and name not in test.unheard["lacking"] else None
    return f"A test of the alerts arrived by {name}." if any(at is not None and at > alert.at for at in (everywhere, there)) else None


def _addresses(facts: Facts) -> list[Cause]:
    """Addresses that get nothing, while the others do."""
    return [
        Cause(
            key=f"{ADDRESS}{each.address}",
            severity=Severity.P1,
            title=f"No alert reaches {each.address} by e-mail",
            text=f"The mail server refuses this address ({each.code}). The other addresses get their mails.",
            remedy="Put it right in `[alerts] email`, or take it out and start Backstop again. The next mail tries it once more.",
            at=each.since,
            lasting=True,
        )
        for each in facts.unreached
    ]


def _address_over(alert: Alert, _facts: Facts) -> str | None:
    """It took the last mail, or gets none any more."""
    return f"The last mail was taken for {alert.key.removeprefix(ADDRESS)}, or it is not in `[alerts] email` any more."


def _unanswered(facts: Facts, now: datetime) -> Cause | None:
    """Nobody said that the test of the alerts arrived."""
    test = facts.canary
    if test is None or not test.is_open or test.unheard or now - test.opened_at < _UNANSWERED_AFTER:
        return None
    return Cause(
        key=UNANSWERED,
        severity=Severity.P1,
        title="Nobody answered the test of the alerts",
        text=f"It was sent {test.opened_at:%Y-%m-%d %H:%M} UTC. Whether an alert would reach anybody is not known.",
        remedy="Whoever got it by e-mail or from PagerDuty: say so on its card, or find out why it did not come.",
        at=test.opened_at,
    )


def _answered(alert: Alert, facts: Facts) -> str | None:
    """Somebody did."""
    test = facts.canary
    answered = test is not None and (not test.is_open or test.unheard) and test.opened_at >= alert.at
    return "The test of the alerts was answered." if answered else None


OVER = {
    CHANNEL.rstrip(":"): _channel_over,
    PLACE.rstrip(":"): _place_over,
    ADDRESS.rstrip(":"): _address_over,
    UNANSWERED: _answered,
    UNHEARD.rstrip(":"): _heard,
}
