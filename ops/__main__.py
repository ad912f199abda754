"""The same operations from a terminal, for the day Slack is down: ``python -m ops backup full --notes "before the migration"``.

Exit codes: 0 succeeded, 2 usage or unknown id, 3 refused, 4 failed, 5 halted. With --json one JSON document goes to
stdout and nothing else.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ops import terminal, terminal_changes, terminal_restores
from ops.errors import Failed, OpsError, UnknownBackup, WrongSetting
from ops.purposes import Purpose, UnknownPurpose
from ops.terminal import Answer
from ops.words import for_terminal

USAGE, REFUSED, FAILED = 2, 3, 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        answer: Answer = options.run(options)
    except OpsError as error:
        answer = Answer(
            code=_code(error),
            words=str(error),
            document={"success": False, "outcome": _outcome(error), "error": error.message, "remedy": error.remedy},
        )
    show(answer, as_json=options.json)
    return answer.code


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer: a document, or words (those of a trouble to stderr)."""
    if as_json:
        print(json.dumps(_spoken(answer.document), ensure_ascii=False, indent=2))
    else:
        print(answer.words if answer.verbatim else for_terminal(answer.words), file=sys.stderr if answer.code else sys.stdout)


def _spoken(document: Any) -> Any:
    """The document, its remedy as it is typed here."""
    if isinstance(document, dict) and isinstance(document.get("remedy"), str):
        return {**document, "remedy": for_terminal(document["remedy"])}
    return document


def _code(error: OpsError) -> int:
    """The exit code of an error that ended the command before an operation."""
    if isinstance(error, UnknownBackup | UnknownPurpose | WrongSetting):
        return USAGE
    return FAILED if isinstance(error, Failed) else REFUSED


def _outcome(error: OpsError) -> str:
    """The outcome's word."""
    return "failed" if isinstance(error, Failed) else "refused"


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    whole = argparse.ArgumentParser(prog="python -m ops", description="Backstop's operations from a terminal.")
    commands = whole.add_subparsers(required=True, metavar="command")
    _backup(_command(commands, "backup", "take a backup", terminal.backup))
    _list(_command(commands, "list", "all backups, newest first", terminal.listing))
    _on_one(_command(commands, "show", "one backup with its tables", terminal.show))
    _verify(_on_one(_command(commands, "verify", "look whether a backup is sound", terminal.verify)))
    _why(_on_one(_command(commands, "delete", "move a backup to the trash for a day", terminal.delete)))
    _on_one(_command(commands, "undelete", "bring a deleted backup back", terminal.undelete))
    _why(_on_one(_command(commands, "pin", "keep a backup whatever retention says", terminal.pin)))
    _on_one(_command(commands, "unpin", "let retention decide again", terminal.unpin))
    _command(commands, "rebuild", "make the catalogue anew from the folder", terminal.rebuild)
    _log(_command(commands, "log", "what was done, by whom, with which outcome; or whether any line of it was changed", terminal.log))
    _heads(_command(commands, "verify-log", "the same as `log verify`", terminal.verify_log))
    _evidence(_command(commands, "evidence", "what was done in a month, for an auditor", terminal.evidence))
    _command(commands, "status", "what runs, and how the backups stand", terminal.status)
    _cancel(_command(commands, "cancel", "cancel a running backup, or a deploy before its push", terminal.cancel))
    _deploy(_command(commands, "deploy", "bring a commit to production, through the gate", terminal_changes.ship))
    _rollback(_on_one(_command(commands, "rollback", "return production to a backup", terminal_changes.go_back)))
    _restore(_on_one(_command(commands, "restore", "bring the data of a full backup back", terminal_restores.restore)))
    _command(commands, "deltas", "what rollbacks and restores took away", terminal_restores.list_deltas)
    _salvage(_command(commands, "salvage", "bring back rows that were taken away", terminal_restores.salvage))
    _command(commands, "mark-staging", "have staging prove that it is staging", terminal_restores.mark_staging)
    _command(commands, "hold", "hold deploys", terminal_changes.hold).add_argument("reason", nargs="*", help="why")
    _why(_command(commands, "resume", "lift the hold on deploys", terminal_changes.resume))
    _maintenance(_command(commands, "maintenance", "put the maintenance page up, or take it down", terminal_changes.switch))
    _command(commands, "unpause", "let the functions of a paused Convex run", terminal_changes.unpause)
    _command(commands, "lock", "what holds production", terminal_changes.lock)
    _settle(_command(commands, "settle", "decide about a halted operation", terminal_changes.settle))
    return whole


def _command(commands: Any, name: str, what: str, run: Callable[[argparse.Namespace], Answer]) -> argparse.ArgumentParser:
    """A command with the options that all have."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=run)
    return command


def _backup(command: argparse.ArgumentParser) -> None:
    """The options of taking one."""
    command.add_argument("type", choices=("quick", "full"), help="code only, or code and database")
    command.add_argument("--notes", default="", help="a sentence for whoever finds it")
    command.add_argument("--purpose", default="", help=f"one of {', '.join(Purpose)}; decides how long it stays")
    command.add_argument("--description", default="", help="a version, or what is about to happen; goes into the label")


def _on_one(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The id of a backup."""
    command.add_argument("id", help="as the list shows it, e.g. full-1701450000000")
    return command


def _verify(command: argparse.ArgumentParser) -> None:
    """How far to look."""
    command.add_argument(
        "--level",
        type=int,
        default=2,
        help="0 there, 1 sha256, 2 every table whole and counted, 3 every row parses, 4 and 5 restored to staging",
    )


def _why(command: argparse.ArgumentParser) -> None:
    """A reason for the log."""
    command.add_argument("--why", default="", help="a reason for the log")


def _list(command: argparse.ArgumentParser) -> None:
    """How much of a list, and from where."""
    command.add_argument("--page", type=int, default=1, help="20 a page; --json gives all at once")


def _log(command: argparse.ArgumentParser) -> None:
    """Its pages, or whether it is as it was written."""
    command.add_argument("deed", nargs="?", choices=("verify",), help="walk the chain of hashes; exit code 4 where it is broken")
    _list(command)
    _heads(command)


def _heads(command: argparse.ArgumentParser) -> None:
    """What stands elsewhere."""
    what = "a head that a health post names, such as 120:9c41aa03b17d22e8; may be given several times"
    command.add_argument("--head", action="append", default=[], metavar="LINE:HASH", help=what)


def _evidence(command: argparse.ArgumentParser) -> None:
    """Of when, and how."""
    command.add_argument("period", help="a month such as 2026-10, or a year")
    command.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="a record a line as JSON, or a table")


def _cancel(command: argparse.ArgumentParser) -> None:
    """Which operation."""
    command.add_argument("operation", nargs="?", default="", help="its id; the one that runs on production otherwise")


def _deploy(command: argparse.ArgumentParser) -> None:
    """What to deploy, and how to pass the gate."""
    command.add_argument("ref", nargs="?", default="", help="a branch, a tag or a commit; the source branch otherwise")
    command.add_argument("version", nargs="?", default="", help="tags the commit; never moved")
    command.add_argument("--backup", choices=("quick", "full"), default="", help="take one first; the deploy goes on by itself")
    command.add_argument("--confirm", action="store_true", help="the age of the last backup is fine")
    command.add_argument("--override", action="store_true", help="pass a closed gate; needs a reason")
    command.add_argument("--reason", default="", help="why")
    command.add_argument("--dry-run", action="store_true", help="only say what would ship, and how the gate stands")


def _rollback(command: argparse.ArgumentParser) -> None:
    """How far back, and why."""
    command.add_argument("--code", action="store_true", help="of a full backup only the code; no row is touched")
    command.add_argument("--reason", default="", help="what is wrong")
    command.add_argument("--impact", default="", help="what it means for the business")
    command.add_argument("--confirm", default="", metavar="ID", help="the backup's id once more")
    command.add_argument("--break-glass", action="store_true", help="start without the signature; everybody is told")
    command.add_argument("--dry-run", action="store_true", help="only say what would happen")


def _restore(command: argparse.ArgumentParser) -> None:
    """What a restore is asked with."""
    command.add_argument("--to", default="production", choices=("production", "staging"), help="whose data are replaced")
    command.add_argument("--reason", default="", help="what is wrong")
    command.add_argument("--began", default="", help="when it began")
    command.add_argument("--impact", default="", help="what it means for the business")
    command.add_argument("--confirm", default="", metavar="ID", help="the backup's id once more")
    command.add_argument("--break-glass", action="store_true", help="start without the signature; everybody is told")
    command.add_argument("--dry-run", action="store_true", help="only say what would happen")


def _salvage(command: argparse.ArgumentParser) -> None:
    """Which delta, which tables."""
    command.add_argument("delta", help="its id, as `deltas` shows it")
    command.add_argument("tables", nargs="+", help="the tables whose rows come back")
    command.add_argument("--reason", default="", help="why")
    command.add_argument("--confirm", default="", metavar="ID", help="the delta's id once more")
    command.add_argument("--break-glass", action="store_true", help="start without the signature; everybody is told")


def _maintenance(command: argparse.ArgumentParser) -> None:
    """On or off."""
    command.add_argument("state", choices=("on", "off"))
    command.add_argument("reason", nargs="*", help="why")


def _settle(command: argparse.ArgumentParser) -> None:
    """Which operation, and the decision."""
    command.add_argument("operation", help="its id, as `lock` shows it")
    command.add_argument("decision", choices=("retry", "done", "over"), help="repeat the step, take it as done, or end it as it is")


if __name__ == "__main__":
    sys.exit(main())
