"""The steps by which production comes to run a commit: a deploy goes them forwards, a rollback goes them back.

Each is safe to repeat, or looks at the world first. From the push on production may be half changed, so nothing from there on
can be cancelled, and a failure halts: what is where now is written down for the person who decides.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from ops import smoke, whereabouts
from ops.context import Services
from ops.errors import Failed, OpsError
from ops.journal import Interrupted, Operation
from ops.packages import Workspace, workspace
from ops.services.convex import SchemaRefused, in_between
from ops.services.convex.deploys import PUSH
from ops.services.vercel import Deployment, PlanForbids
from ops.settings import Settings

log = logging.getLogger(__name__)

PRODUCTION = "production"
SITE = 1800.0  # seconds that a build of the site may take, and then again to be served

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Releasing:
    """One commit on its way to an environment, by an operation."""

    op: Operation
    services: Services
    environment: str
    commit: str
    heeds: bool = False  # whether a cancel keeps the steps that change it from beginning: what was changed is put back then

    # -- what changes nothing yet ------------------------------------------------------------------------------------------

    def target(self) -> None:
        """Have the deployment name itself before anything is pushed to it."""
        self._safe("target", lambda: {"instance": self.services.convex.instance(self.environment)})

    def packages(self, name: str = "packages") -> None:
        """Install what the commit's own convex CLI and functions need; kept by lock file."""

        def install() -> dict[str, Any]:
            with self.workspace() as folder:
                return {"removed": list(folder.removed), "installed": folder.installed}

        self._safe(name, install)

    def check(self, environment: str, name: str = "check", *, tolerant: bool = False) -> Mapping[str, Any]:
        """Have Convex look at the functions and the schema against its data, without changing either.

        Raises:
            Failed: it would not take them; where the caller is tolerant, a clash of schema and rows is in the result instead.
        """

        def dry_run() -> dict[str, Any]:
            with self.workspace() as folder:
                looked = self.services.convex.check(environment, folder.app, stop=self.op.stop, said=self.said)
            if looked.clash and not tolerant:
                raise Failed(looked.clash, "Nothing was changed. Change the schema, or bring the rows into its shape first.")
            return looked.dump()

        return self._safe(name, dry_run)

    # -- what changes production -------------------------------------------------------------------------------------------

    def functions(self, environment: str, name: str = "functions", *, validated: bool = True, tolerant: bool = False) -> Mapping[str, Any]:
        """Push the commit's functions and schema; the same push twice is the same functions.

        Raises:
            Failed: rows do not fit the schema, and the caller is not tolerant: then it is in the result, and what ran goes on.
        """

        def deploy() -> dict[str, Any]:
            with self.workspace() as folder, nullcontext() if validated else in_between(folder.app):
                try:
                    self.services.convex.deploy(environment, folder.app, stop=self.op.stop, said=self.said)
                except SchemaRefused as refused:
                    if not tolerant:
                        raise
                    return {"validated": False, "clash": refused.message}
            return {"validated": validated}

        return self.changing(name, deploy, deadline=push_deadline(self.services.settings), touches=environment == self.environment)

    def built(self) -> None:
        """Follow the site's deployment of the commit until it serves; one that is pinned elsewhere is promoted."""
        self.changing("site", self._follow)

    def smoke(self, environment: str, name: str = "smoke tests") -> None:
        """Ask every page of the settings for that environment."""
        pages = [page for page in self.services.settings.smoke if page.environment == environment]
        if pages:
            self.changing(name, lambda: smoke.require(pages, self.op.stop, cookies=self._bypass()), touches=environment == self.environment)

    def _bypass(self) -> dict[str, str]:
        """What opens the site while it is in maintenance."""
        return self.services.vercel.bypass if self.services.vercel.configured else {}

    def _follow(self) -> dict[str, Any]:
        """Wait for the build and for the site to serve it."""
        vercel, stop = self.services.vercel, self.op.stop
        built = vercel.follow(self.commit, deadline=SITE, stop=stop, said=self.said)
        vercel.serve(built, deadline=SITE, stop=stop)
        return served(built)

    def site_back(self, recorded: str) -> None:
        """Have the site serve the commit again: at once from a deployment that is still there, else by its build."""

        def back() -> dict[str, Any]:
            found = self.services.vercel.of_commit(self.commit) if recorded else None
            if found is None or found.state != "READY":
                return self._follow()
            try:
                self._serve_at_once(found)
            except PlanForbids as forbidden:
                self.said(f"{forbidden.message} Following the build instead.")
                return self._follow()
            return served(found)

        self.changing("site", back)

    def _serve_at_once(self, found: Deployment) -> None:
        """A site that is pinned is promoted, which unpins it; another one is rolled back."""
        vercel, stop = self.services.vercel, self.op.stop
        if vercel.project().pinned:
            vercel.promote(found, deadline=SITE, stop=stop)
        else:
            vercel.back_to(found, f"Backstop {self.op.id}", deadline=SITE, stop=stop)

    # -- how steps are run -------------------------------------------------------------------------------------------------

    def changing(
        self,
        name: str,
        effect: Callable[[], Result],
        *,
        looking: Interrupted | Callable[[], Any] = Interrupted.REDO,
        deadline: float | None = None,
        touches: bool = True,
    ) -> Result:
        """A step that changes its environment: nobody cancels it half-way. What fails in production halts; staging may be half changed."""
        halts = touches and self.environment == PRODUCTION
        return self.op.step(
            name, effect, if_interrupted=looking, deadline=deadline, touches=halts, cancellable=not touches, heeds=self.heeds
        )

    def _safe(self, name: str, effect: Callable[[], Result]) -> Result:
        """A step that changes nothing and may be repeated."""
        return self.op.step(name, effect, if_interrupted=Interrupted.REDO)

    def said(self, line: str) -> None:
        """What a program says goes to the card."""
        self.op.progress(line=line)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The commit's files with its packages, for the time of a step."""
        with workspace(self.services.git, self.services.settings, self.commit, stop=self.op.stop, said=self.said) as folder:
            yield folder


def push_deadline(settings: Settings) -> float:
    """Seconds that a push of functions may take; another machine that takes over waits for so long. Pure."""
    return min(float(settings.convex.deadline), PUSH)


def served(deployment: Deployment) -> dict[str, Any]:
    """What a card says of the site. Pure."""
    return {"deployment": deployment.id, "url": deployment.url, "commit": deployment.commit}


@contextmanager
def telling(op: Operation, services: Services, environment: str) -> Iterator[None]:
    """When it fails, write down what is where now: the next person must not have to look for it."""
    try:
        yield
    except OpsError:
        try:
            op.result(where=whereabouts.look(services, environment))
        except Exception:  # what failed is what counts; this only says more about it
            log.exception("what is where after operation %s could not be told", op.id)
        raise


def require_at(services: Services, branch: str, expected: str) -> None:
    """Refuse when production's branch is not where the plan says it is.

    Raises:
        Failed: with where it is.
    """
    there = services.git.remote_head(branch)
    if there != expected:
        raise Failed(
            f"Production moved from `{expected[:6]}` to `{there[:6]}` after this was planned; nothing was changed.",
            "Look at what was pushed, then plan again.",
        )
