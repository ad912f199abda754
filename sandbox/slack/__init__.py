"""Slack's Web API and Socket Mode as a bot uses them, with a workspace behind them. ``client`` drives it."""

from __future__ import annotations

from sandbox.slack.client import Client
from sandbox.slack.deeds import Outcome
from sandbox.slack.faults import Faults
from sandbox.slack.people import MEMBERS, Channel, Member
from sandbox.slack.server import SlackServer
from sandbox.slack.shown import Shown, View

__all__ = ["MEMBERS", "Channel", "Client", "Faults", "Member", "Outcome", "Shown", "SlackServer", "View"]
