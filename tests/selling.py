"""A world whose app can be deployed and rolled back from Slack: the real bot between the shop, Slack and a Vercel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sandbox.slack import Client, Shown, SlackServer, View
from tests.cards import is_over
from tests.shipping import INSTALL, Shop
from tests.world import ENGINEERING, INCIDENTS, World, wait_for

Seen = TypeVar("Seen", Shown, View)

REASON = {"reason": "a script emptied orders", "impact": "nobody can order", "began": "at 9:40"}
LOOKING = ("Looking", "Making the plan", "hourglass")


@contextmanager
def selling(folder: Path, *, more: str = "", vercel: bool = True, **secrets: str) -> Iterator[tuple[Shop, World]]:
    """The shop, and the world that tells the bot of it."""
    shop = Shop(folder, vercel=vercel)
    slack = SlackServer().start()
    site = ""
    variables = dict(secrets)
    if shop.vercel:
        site = f'[vercel]\nproject = "{shop.vercel.name}"\nsite = "{shop.vercel.site_url}"\n'
        site += f'[[smoke]]\nurl = "{shop.vercel.site_url}/"\ntext = "Version"\n'
        variables |= {"VERCEL_TOKEN": shop.vercel.token, "VERCEL_API_URL": shop.vercel.url}
    try:
        world = World(
            folder=folder,
            remote=shop.remote,
            production=shop.convex,
            slack=slack,
            more=f"{more}\n{site}",
            app=f'install = "{INSTALL}"',
            variables=variables,
        )
        yield shop, world
    finally:
        slack.stop()
        shop.close()


def window(slack: Client, user: str) -> View:
    """The window on top, once it is no longer looking."""
    return wait_for(lambda: drawn(slack, user), "the window")


def drawn(slack: Client, user: str) -> View | None:
    """The same, if it is there."""
    view = slack.view(user)
    return view if view and not any(word in str(view["blocks"]) for word in LOOKING) else None


def opened(slack: Client, command: str, user: str) -> View:
    """The window that a command opens."""
    assert slack.command(command, user=user, channel=ENGINEERING).acked
    return window(slack, user)


def until(slack: Client, channel: str, so: Callable[[Shown], object], limit: float = 90) -> Shown:
    """The newest message in a channel of which this is so, once there is one."""
    return slack.wait_for_message(channel, so, limit)


def over(slack: Client, word: str, channel: str = ENGINEERING) -> Shown:
    """The card whose first line says this, once its operation is over."""
    return until(slack, channel, lambda shown: shown.blocks and word in shown.all_text and "asked by" in shown.all_text and is_over(shown))


def saying(found: Seen | None, words: str) -> Seen | None:
    """What is shown, if it says this."""
    return found if found is not None and words in found.all_text + str(found.blocks) else None


def signed_for(slack: Client, words: str) -> Shown:
    """The card that waits for a signature."""
    return until(
        slack, INCIDENTS, lambda shown: "Sign-off needed" in shown.all_text and words in shown.all_text and "Approve" in str(shown.blocks)
    )
