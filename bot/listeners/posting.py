"""What the schedule posts, now; and whether the log is as it was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bot.desk import Desk
from bot.registry import Message, Reply, command
from bot.requests import Request
from bot.views import health as views
from bot.views import outlook as outlook_views
from bot.views.blocks import message, section
from ops import activity, health, outlook
from ops.backstop import Backstop
from ops.errors import Refused
from ops.people import Right

POSTS: Mapping[str, Callable[[Backstop, datetime], Message]] = {
    "health": lambda backstop, now: views.health(health.of(backstop, now)),
    "retention": lambda backstop, now: outlook_views.outlook(outlook.of(backstop, now)),
}
"""By the word that is typed."""

_post = command("/ops", "post", needs=Right.TAKE, stored=True)
_verify = command("/ops", "verify-log", needs=Right.LOOK)


@_post.handle
def post(request: Request, desk: Desk) -> Reply:
    """``/ops post health|retention``."""
    named = request.text.strip().lower()
    if named not in POSTS:
        raise Refused(
            f"There is no post “{request.text.strip()[:40]}”.", f"Those there are: {', '.join(f'`/ops post {each}`' for each in POSTS)}."
        )
    desk.say(f"{named}-{request.operation_id}", desk.settings.slack.engineering, POSTS[named](desk.backstop, datetime.now(UTC)))
    words = f"Posted in #{desk.settings.slack.engineering.lstrip('#')}."
    return Reply(message=message(words, section(words)))


@_verify.handle
def verify_log(_request: Request, desk: Desk) -> Reply:
    """``/ops verify-log``."""
    return Reply(message=views.log_verified(activity.verify(desk.backstop.engine), activity.head(desk.backstop.engine)))
