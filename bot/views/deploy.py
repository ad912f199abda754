"""The deploy's window: what would ship, what that means, how the gate stands, and the way on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.views.actions import Action, Field, Window
from bot.views.backup.choice import Usual, captions
from bot.views.backup.marks import in_short
from bot.views.backup.progress import in_a_line
from bot.views.blocks import (
    Block,
    Message,
    View,
    actions,
    button,
    context,
    dotted,
    entry,
    header,
    message,
    modal,
    option,
    radio,
    section,
    tick,
    typed,
)
from bot.views.text import code, counted, escape, people, prose
from ops.deploy import Proposal
from ops.gate import Code, Colour, Verdict
from ops.settings import Docs
from ops.words import elapsed

if TYPE_CHECKING:
    from ops.journal import OperationView

TITLE = "Deploy to Production"
REQUIRED = "Deploy to Production (backup required)"
_COMMITS, _FILES = 8, 4
_COLOURS = {
    Colour.OPEN: ":white_check_mark: *The gate is open.*",
    Colour.AMBER: ":warning: *The gate asks for a confirmation.*",
    Colour.CLOSED: ":no_entry: *The gate is closed.*",
}


def label(verdict: Verdict | None) -> str:
    """What the button reads (A9)."""
    return REQUIRED if verdict is not None and verdict.has(Code.NO_BACKUP) else TITLE


def window(  # noqa: PLR0913 # what a window is drawn from, all named
    found: Proposal, *, usual: Usual, docs: Docs, overrides: bool, now: datetime, moved: str = "", holder: OperationView | None = None
) -> View:
    """The proposal; ``moved`` says what is another than when it was looked at before, ``holder`` what nothing can start beside."""
    verdict = found.verdict
    closed = verdict.colour is Colour.CLOSED and not verdict.only_backup_missing
    blocks = [
        section(f":warning: {prose(moved, 400)}") if moved else None,
        header(REQUIRED if verdict.has(Code.NO_BACKUP) else TITLE),
        section(":no_entry: Production is in use, so a deploy would be refused now:", in_a_line(holder)) if holder else None,
        *_ships(found),
        *_gate(found, now),
        *_way_on(found, usual, overrides=overrides, now=now),
        *_checklist(verdict, docs),
    ]
    submit = "" if found.nothing_new or (closed and not overrides) else "Deploy all the same" if closed else TITLE
    return modal(TITLE, *blocks, submit=submit, callback_id=Window.DEPLOY if submit else Window.ANSWER, private=private(found))


def private(found: Proposal) -> str:
    """What was looked at, so that nothing else is deployed."""
    return json.dumps({"ref": found.ref, "version": found.version, "head": found.live.hash, "commit": found.commit.hash})


def read(text: str) -> dict[str, str]:
    """The same, from the window."""
    return {str(key): str(value) for key, value in json.loads(text).items()}


def _ships(found: Proposal) -> list[Block]:
    """Commits, authors, files, schema, variables."""
    ships = found.shipment
    head = dotted(
        f"*{escape(found.ref, 80)} → {escape(found.branch, 80)}*",
        f"*{prose(found.target)}*",
        f"{counted(ships.count, 'commit')} by {counted(len(ships.authors), 'person', 'people')}",
        f"as {code(found.version)}" if found.version else "",
    )
    if found.nothing_new:
        return [section(head), section(f"Production is at {code(found.commit.hash[:6])} already: there is nothing to deploy.")]
    lines = [f"{code(each['hash'][:6])} {escape(each['message'], 80)} · {escape(each['author'], 40)}" for each in ships.commits[:_COMMITS]]
    lines += [f"and {counted(ships.count - _COMMITS, 'more commit')}"] if ships.count > _COMMITS else []
    return [section(head, *lines), *_meaning(found)]


def _meaning(found: Proposal) -> list[Block]:
    """What the difference means."""
    ships = found.shipment
    areas = [f"{area}: {_named(files)}" for area, files in ships.areas]
    schema = [":warning: *The Convex schema changes*", *(code(line, 100) for line in ships.schema_lines)] if ships.schema_changed else []
    new = f"New variables: {', '.join(code(name) for name in ships.variables[:8])}" if ships.variables else ""
    unset = (
        f":warning: *Not set on {prose(found.target)}:* {', '.join(code(name) for name in ships.unset)}. The functions ask for them."
        if ships.unset
        else ""
    )
    return [each for each in (section(*schema), context(*areas), section(new, unset, prose(ships.unknown, 200))) if each]


def _named(files: Sequence[str]) -> str:
    """A few files, and how many more."""
    shown = ", ".join(code(file, 60) for file in files[:_FILES])
    return f"{shown}{f' and {len(files) - _FILES} more' if len(files) > _FILES else ''}"


def _gate(found: Proposal, now: datetime) -> list[Block]:
    """How the gate stands, on which backup, and what would mend it."""
    verdict = found.verdict
    if found.nothing_new:
        return []
    used = verdict.backup or verdict.latest
    rests = f"{'Rests on' if verdict.backup else 'Last backup:'} {in_short(used)}, {elapsed(now - used.timestamp)} old" if used else ""
    reasons = [people(f"{prose(reason.sentence, 400)} {prose(reason.mend, 300)}") for reason in verdict.reasons]
    return [section(_COLOURS[verdict.colour], *reasons), context(rests, prose(verdict.why_needs))]


def _way_on(found: Proposal, usual: Usual, *, overrides: bool, now: datetime) -> list[Block]:
    """What the person decides: a backup first, a confirmation, a reason."""
    verdict = found.verdict
    if found.nothing_new or (verdict.colour is Colour.CLOSED and not verdict.only_backup_missing and not overrides):
        return []
    blocks: list[Block] = []
    if verdict.has(Code.NO_BACKUP) or verdict.colour is Colour.AMBER:
        blocks += _first(verdict, usual)
    if verdict.colour is Colour.AMBER and verdict.backup:
        old = f"Deploy although the backup is {elapsed(now - verdict.backup.timestamp)} old"
        blocks.append(entry("Or go on with the backup there is", tick(Field.CONFIRMED, old)))
    if verdict.asks_reason or (verdict.colour is Colour.CLOSED and not verdict.only_backup_missing):
        blocks.append(entry("Reason", typed(Field.REASON, hint="Why it should go on all the same; everybody reads it", limit=300)))
    return blocks


def _first(verdict: Verdict, usual: Usual) -> list[Block]:
    """A12: create a backup first?"""
    quick, full = captions(usual)
    choices = [option(f"Full Backup · {full}", "full")]
    covers = verdict.needs == "quick"
    choices = [option(f"Quick Backup · {quick}", "quick"), *choices] if covers else choices
    missing = verdict.has(Code.NO_BACKUP)
    hint = "The deploy goes on by itself once it is verified."
    left_out = None if covers else context("A quick backup would not cover the schema change, so it is not offered.")
    chosen = verdict.needs if missing else ""
    return [
        each
        for each in (entry("Create a backup first?", radio(Field.BACKUP, choices, chosen), hint=hint, needed=missing), left_out)
        if each
    ]


def _checklist(verdict: Verdict, docs: Docs) -> list[Block]:
    """B22: what is to be done before a deploy; what Backstop can see is ticked."""
    made = verdict.backup
    ticks = (
        ("Full backup created", made is not None and made.type == "full"),
        ("Backup id and timestamp documented", made is not None),
        ("Backup completed and verified", made is not None and made.good),
    )
    links = [f"<{url}|{name}>" for name, url in (("Rollback plan", docs.rollback_plan), ("Checklist", docs.deployment_checklist)) if url]
    lines = " · ".join(f"{':white_check_mark:' if done else ':white_large_square:'} {name}" for name, done in ticks)
    return [context(f"*Before a deploy:* {lines}", *links)]


def reopen(target: str, ref: str) -> Message:
    """What comes in the window's place when that is gone."""
    words = f"The deploy to {target} was looked at, but its window is closed."
    return message(prose(words), section(prose(words)), actions(button("Look again", Action.DEPLOY_OPEN, ref)))


def begun(target: str, channel: str) -> Message:
    """It has begun."""
    return message(prose(f"The deploy to {target} has begun: its card is in {channel}."))
