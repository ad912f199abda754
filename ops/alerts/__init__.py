"""Alerts (B20): what is wrong, said once for each cause, in every channel that is set, until it is over.

``causes`` decides what is wrong, pure; ``looking`` gathers it from rows and files; ``records`` keeps one open alert for each
cause; ``telling`` decides who hears of it now; ``outgoing`` delivers by e-mail and to PagerDuty, and tries again until it was
taken. Slack's posts are the bot's: a card for each alert.
"""

from ops.alerts.alert import Alert
from ops.alerts.answers import acknowledge, close, snooze
from ops.alerts.facts import Facts
from ops.alerts.looking import gather, look
from ops.alerts.outgoing import Undelivered, Unplaced, deliver, undelivered
from ops.alerts.records import changed_since, get, get_open, open_ones, opened_between
from ops.alerts.severity import Severity
from ops.alerts.telling import at_night, tell_change, warnings

__all__ = [
    "Alert",
    "Facts",
    "Severity",
    "Undelivered",
    "Unplaced",
    "acknowledge",
    "at_night",
    "changed_since",
    "close",
    "deliver",
    "gather",
    "get",
    "get_open",
    "look",
    "open_ones",
    "opened_between",
    "snooze",
    "tell_change",
    "undelivered",
    "warnings",
]
