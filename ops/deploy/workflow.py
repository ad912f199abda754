"""The deploy as its list of steps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from ops import backup, releases, standing
from ops.context import Services
from ops.deploy.planning import KIND, Choice
from ops.deploy.proposal import ENVIRONMENT, read_gate
from ops.errors import Failed
from ops.gate import Code, Verdict
from ops.journal import Interrupted, Kind, Operation, OperationView, Status
from ops.journal.reading import Readings
from ops.purposes import Purpose
from ops.releasing import Releasing, require_at, telling
from ops.words import elapsed

STAGING = "staging"


def kind(services: Services) -> Kind:
    """The deploy, for the journal."""
    return Kind(name=KIND, workflow=partial(deploy, services=services), version=1, cancellable=True, sentence=sentence)


def deploy(op: Operation, services: Services) -> None:
    """Bring the commit to production: look again, back up, check, push, functions, site, smoke tests."""
    bound = op.params["bound"]
    to = Releasing(op=op, services=services, environment=ENVIRONMENT, commit=bound["commit"])
    own_functions = services.settings.app.functions == "bot"
    with telling(op, services, ENVIRONMENT):
        op.step("nothing moved", lambda: require_at(services, bound["branch"], bound["head"]), if_interrupted=Interrupted.REDO)
        to.target()
        if bound["take"]:
            backup.steps(op, "backup", wanted(op), services)
        passed = op.step("gate", lambda: pass_gate(op, services), if_interrupted=Interrupted.REDO)
        to.packages()
        if services.settings.gate.staging_first:
            op.step("staging free", lambda: require_free_staging(services), if_interrupted=Interrupted.REDO)
            to.functions(STAGING, "staging functions")
            to.smoke(STAGING, "staging smoke tests")
        if own_functions:
            to.check(ENVIRONMENT)
        push(to, bound)
        if own_functions:
            to.functions(ENVIRONMENT)
        if services.vercel.configured:
            to.built()
        to.smoke(ENVIRONMENT)
        to.changing("release", lambda: release(op, services, passed["backup"]))


def wanted(op: Operation) -> backup.Wanted:
    """The backup that is taken first: its label says what for, its notes which deploy."""
    bound, shown = op.params["bound"], op.params["shown"]
    return backup.Wanted(
        type=bound["take"],
        purpose=Purpose.PRE_RELEASE if bound["version"] else Purpose.PRE_MIGRATION if bound["schema_changed"] else Purpose.PRE_DEPLOYMENT,
        description=bound["version"] or str(shown["ref"])[:60],
        notes=f"Before the deploy of {bound['commit'][:6]} “{shown['message'][:80]}” ({op.id})",
        created_by=op.requested_by,
        target=bound["target"],
    )


def pass_gate(op: Operation, services: Services) -> dict[str, Any]:
    """Read the gate once more: a backup was taken, or time has passed, or somebody holds deploys now.

    Raises:
        Failed: it does not let this pass any more.
    """
    bound, shown = op.params["bound"], op.params["shown"]
    verdict = read_gate(services, bound["head"], schema_changed=bound["schema_changed"])
    choice = Choice(confirmed=shown["confirmed"], override=shown["override"], reason=shown["why"])
    if left := unpassed(verdict, choice, shown["gate"]["codes"]):
        raise Failed(" ".join(left), "Nothing was changed. Look at the gate again: `/deploy`.")
    used = verdict.backup.id if verdict.backup else None
    op.result(gate=verdict.colour.value, backup_id=used)
    return {"backup": used}


def unpassed(verdict: Verdict, choice: Choice, known: list[str]) -> list[str]:
    """What the gate says against it now that nobody has passed: whoever overrode or confirmed did so for what they saw. Pure."""
    passed = {Code(code) for code in known} if choice.override or choice.confirmed else set()
    passed |= {Code.OLD}  # its age was looked at when the deploy was asked for; minutes of waiting are no news
    return [reason.sentence for reason in verdict.reasons if reason.code not in passed]


def require_free_staging(services: Services) -> None:
    """Leave staging alone while a verification, a drill or a restore works there: new functions would spoil it.

    Raises:
        Failed: with what works there.
    """
    if holder := Readings(services.engine).holder(STAGING):
        raise Failed(f"Staging is in use by a {holder.kind} ({holder.id}); nothing was changed.", "Deploy again when it is over.")


def push(to: Releasing, bound: Mapping[str, Any]) -> None:
    """Move production's branch forward, and tag the version with it."""
    git = to.services.git

    def advance() -> dict[str, str]:
        git.advance(bound["branch"], bound["commit"], expected=bound["head"], version=bound["version"], stop=to.op.stop)
        return {"commit": bound["commit"], "was": bound["head"]}

    to.changing("push", advance)


def release(op: Operation, services: Services, backup_id: str | None) -> dict[str, Any]:
    """Write down that production runs this commit now; a site that was pinned no longer is."""
    bound = op.params["bound"]
    site = services.vercel.project().live if services.vercel.configured else None
    with Session(services.engine) as session, session.begin():
        releases.record(
            session,
            environment=ENVIRONMENT,
            kind="deploy",
            commit=bound["commit"],
            previous=bound["head"],
            version=bound["version"],
            by=op.requested_by,
            operation_id=op.id,
            backup_id=backup_id,
            deployment_id=site.id if site else None,
        )
        standing.end(session, standing.What.PINNED, ENVIRONMENT, by=op.requested_by)
    op.result(commit=bound["commit"], was=bound["head"], version=bound["version"])
    return {}


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    bound = view.params["bound"]
    what = f"{bound['commit'][:6]}{' as ' + bound['version'] if bound['version'] else ''}"
    if view.status is not Status.SUCCEEDED:
        return f"Deploy of {what} {view.status}: {view.error}"
    took = elapsed(view.finished_at - view.created_at) if view.finished_at else ""
    return f"Deployed {what} to {bound['target']} in {took}"
