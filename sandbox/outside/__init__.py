"""What stands beside Slack: a mail server, PagerDuty's events, and a dead man's switch, on loopback."""

from sandbox.outside.mail import MailServer
from sandbox.outside.outside import Outside
from sandbox.outside.paging import PagingServer

__all__ = ["MailServer", "Outside", "PagingServer"]
