"""What alerts that Slack does not show mean: one of the channels is closed to us, or Slack takes nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from bot.posts import Unposted
from ops.alerts import Undelivered, Unplaced

_CLOSED = re.compile(r"\b(channel_not_found|not_in_channel|is_archived|restricted_action)\b")
"""What Slack says of one channel; whatever else it says is of all."""


def closed(found: Sequence[Unposted], places: Collection[str]) -> tuple[Unplaced, ...]:
    """The channels that Slack refuses while it takes others; none where it refuses all of them.

    Args:
        found: what waits, the oldest first.
        places: the channels that alerts go to.
    """
    refused = {each.channel: Unplaced(channel=each.channel, code=said[0], since=each.since) for each, said in _refused(reversed(found))}
    return () if set(places) <= set(refused) else tuple(refused.values())


def broken(found: Sequence[Unposted], places: Collection[str]) -> Undelivered | None:
    """What waits where it is not for one channel: Slack takes nothing. The same arguments."""
    elsewhere = {each.channel for each in closed(found, places)}
    left = [each for each in found if each.channel not in elsewhere]
    if not left:
        return None
    words = dict.fromkeys(f"{each.channel} (`{said[0]}`)" for each, said in _refused(left))
    error = f"Slack refuses {' and '.join(words)}." if words else "Slack does not take the posts."
    return Undelivered(channel="Slack", error=error, since=left[0].since, titles=tuple(dict.fromkeys(each.text for each in left)))


def _refused(found: Iterable[Unposted]) -> list[tuple[Unposted, re.Match[str]]]:
    """What waits for a channel that Slack refuses, each with Slack's word."""
    return [(each, said) for each in found if (said := _CLOSED.search(each.error))]
