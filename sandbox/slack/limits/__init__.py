"""Slack's limits, written down once more: the sandbox judges what the bot's own check has let through."""

from __future__ import annotations

from sandbox.slack.limits.judge import judge_message, judge_view

__all__ = ["judge_message", "judge_view"]
