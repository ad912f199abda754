"""The terminal's commands that bring data back: the restore, what it took away, and staging's proof that it is staging."""

from __future__ import annotations

import argparse
import threading
from datetime import UTC, datetime
from typing import Any

from ops import deltas, described, spots, staging
from ops import restore as restoring
from ops import salvage as salvaging
from ops.errors import Refused
from ops.restore import Assessment
from ops.restoring.left import sentence
from ops.restoring.looking import files_stay
from ops.terminal import Answer, opened
from ops.terminal_changes import begun, followed, saying
from ops.words import ago, counted, decimal_size, number


def restore(options: argparse.Namespace) -> Answer:
    """Bring the data of a full backup back, and wait for its end."""
    with opened(running=True) as backstop:
        found = restoring.look(backstop.services, options.id, options.to, stop=threading.Event(), said=saying())
        if options.dry_run:
            return Answer(words="\n".join(_assessed(found)), document=_assessment(found))
        if options.confirm != options.id:
            raise Refused(
                f"A restore replaces every row of {found.target}. {_assessed(found)[0]}",
                f"If you mean it, say the id once more: `--confirm {options.id}`.",
            )
        plan = restoring.plan(backstop.settings, found, options.reason, options.impact, options.began)
        return followed(backstop, begun(backstop, plan, options), options, f"Restore complete - {options.to} restored")


def _assessed(found: Assessment) -> list[str]:
    """An assessment in lines; the first is the question."""
    at = found.backup.moment
    size = decimal_size(found.backup.size) if found.backup.size is not None else "size unknown"
    held = "rows unknown" if found.backup.rows is None else counted(found.backup.rows, "row")
    lines = [
        f"The data of {found.target} will be as they were on {at:%Y-%m-%d %H:%M:%S} UTC ({ago(at, datetime.now(UTC))}). Continue?",
        f"{found.backup.id}: {counted(len(found.backup.tables or {}), 'table')}, {held}, {size}",
    ]
    lines += [f"Warning: {each}" for each in found.backup.facts.warnings]
    empty = sorted(name for name, table in (found.backup.tables or {}).items() if not table.rows)
    lines += [f"Empty there: {', '.join(empty)}"] if empty else []
    lines += [f"{'Not as the settings want: ' if each.wanting else ''}{each.sentence}" for each in found.spots if not each.good]
    lines += [f"  {sentence}" for sentence in found.loss.sentences()] if found.loss else []
    lines += [f"What would be lost could not be counted: {found.loss_unknown}"] if found.loss_unknown else []
    lines += [said] if (said := files_stay(found.backup.files)) else []
    lines += ["The backup's code had another Convex schema."] if found.schema_differs else []
    if found.rehearsed is not None:
        clash = f"its rows do not fit, so nothing is validated afterwards. {found.rehearsed}"
        lines.append(f"Rehearsed in staging: {clash if found.rehearsed else 'its rows fit the functions that run'}")
    lines += [f"Warning: {sentence(found.left)}"] if found.left and found.environment != "production" else []
    lines += ["The site shows its maintenance page meanwhile."] if found.maintenance else []
    lines += [f"No maintenance page is shown meanwhile. {found.page_missing}"] if found.page_missing else []
    return lines


def _assessment(found: Assessment) -> dict[str, Any]:
    """An assessment as JSON."""
    return {
        "target": found.target,
        "backup": described.backup(found.backup),
        "loss": found.loss.as_json() if found.loss else None,
        "lossUnknown": found.loss_unknown,
        "schemaDiffers": found.schema_differs,
        "rehearsed": found.rehearsed,
        "spots": spots.dump(found.spots),
        "maintenance": found.maintenance,
        "pageMissing": found.page_missing,
        "paused": found.paused,
    }


def list_deltas(options: argparse.Namespace) -> Answer:  # noqa: ARG001 # every command takes the options
    """What rollbacks and restores took away."""
    with opened() as backstop:
        found, back = deltas.all_of(backstop.settings.folder), salvaging.brought_back(backstop.journal)
    document = [
        {
            "id": each.id,
            "backup": each.backup,
            "rows": each.rows,
            "tables": {table.name: table.rows for table in each.tables},
            "broughtBack": sorted(back.get(each.id, ())),
        }
        for each in found
    ]
    lines = [
        f"{each.id}  {counted(each.rows, 'row')} created after {each.backup}, {number(each.changed)} changed"
        + (f"; brought back already: {', '.join(sorted(back[each.id]))}" if each.id in back else "")
        for each in found
    ]
    return Answer(words="\n".join(lines) or "Nothing was taken away.", document={"deltas": document})


def salvage(options: argparse.Namespace) -> Answer:
    """Bring rows of a delta back, and wait for its end."""
    with opened(running=True) as backstop:
        delta = deltas.get(backstop.settings.folder, options.delta)
        plan = salvaging.plan(backstop.services, delta, options.tables, options.reason)
        if options.confirm != delta.id:
            raise Refused(
                f"Rows of {', '.join(options.tables)} would come back to {backstop.services.target('production')}.",
                f"If you mean it, say the id once more: `--confirm {delta.id}`.",
            )
        return followed(backstop, begun(backstop, plan, options), options, "The rows are back")


def mark_staging(options: argparse.Namespace) -> Answer:  # noqa: ARG001 # every command takes the options
    """Set staging's mark, which production must lack."""
    with opened() as backstop:
        instance = staging.mark(backstop.services)
        target = backstop.services.target(staging.ENVIRONMENT)
    return Answer(words=f"{target} ({instance}) proves that it is staging.", document={"success": True, "instance": instance})
