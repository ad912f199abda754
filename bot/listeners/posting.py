"""What the schedule posts, now; and whether the log is as it was written."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.desk import Desk
from bot.registry import Reply, command
from bot.requests import Request
from bot.views import health as views
from bot.views.blocks import message, section
from ops import activity, health
from ops.errors import Refused
from ops.people import Right

_post = command("/ops", "post", needs=Right.TAKE, stored=True)
_verify = command("/ops", "verify-log", needs=Right.LOOK)


@_post.handle
def post(request: Request, desk: Desk) -> Reply:
    """``/ops post health``."""
    if request.text.strip().lower() != "health":
        raise Refused(f"There is no post “{request.text.strip()[:40]}”.", "`/ops post health` posts how the backups stand.")
    desk.say(f"health-{request.operation_id}", desk.settings.slack.engineering, views.health(health.of(desk.backstop, datetime.now(UTC))))
    words = f"Posted in #{desk.settings.slack.engineering.lstrip('#')}."
    return Reply(message=message(words, section(words)))


@_verify.handle
def verify_log(_request: Request, desk: Desk) -> Reply:
    """``/ops verify-log``."""
    return Reply(message=views.log_verified(activity.verify(desk.backstop.engine), activity.head(desk.backstop.engine)))
