"""What a deploy, a rollback and maintenance ask of Vercel. Each change looks first, so that it may be repeated after a crash."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from ops.errors import Refused
from ops.services.process import Stopped
from ops.services.trusted import certificates
from ops.services.vercel import maintenance, shapes
from ops.services.vercel.door import Door, VercelFailed
from ops.services.vercel.maintenance import Maintenance
from ops.services.vercel.shapes import OVER, Deployment, Project
from ops.settings import Settings
from ops.settings import Vercel as VercelSection

_LOOK = 1.0  # seconds between two looks at a build; doubled now and then
_SOON = 0.25  # seconds between two looks at an alias job
_APPEARS = 90.0  # seconds until a push must have made a deployment


class Vercel:
    """The project of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def configured(self) -> bool:
        """Whether there is a project, and a token for it."""
        return self._settings.vercel is not None and self._settings.secrets.vercel_token is not None

    @property
    def missing(self) -> tuple[str, str]:
        """What it is not configured for, and what to do about that."""
        if self._settings.vercel is not None:
            return "VERCEL_TOKEN is not set", "Set it where Backstop is started."
        return "No site is set", "Add `[vercel]` to backstop.toml, and VERCEL_TOKEN."

    # -- looking -----------------------------------------------------------------------------------------------------------

    def project(self) -> Project:
        """The project as it is now, with its last promotion or rollback."""
        return shapes.project(self._door.get(f"/v9/projects/{self._door.project}", rollbackInfo="true"))

    def of_commit(self, commit: str) -> Deployment | None:
        """The newest production deployment of a commit; one that is ready comes before any other."""
        query = {"projectId": self._id, "target": "production", "sha": commit, "limit": 20}
        said = self._door.get("/v7/deployments", **query).get("deployments", ())
        found = [each for each in map(shapes.deployment, said) if each.commit == commit]
        return next((each for each in found if each.state == "READY"), found[0] if found else None)

    # -- a build -----------------------------------------------------------------------------------------------------------

    def follow(self, commit: str, *, deadline: float, stop: threading.Event, said: Callable[[str], None]) -> Deployment:
        """Wait until the site is built from a commit.

        Raises:
            VercelFailed: the build failed, or none began in time.
        """
        watch, told = _Watch(deadline, stop), ""
        while True:
            found = self.of_commit(commit)
            if found is not None and found.state == "READY":
                return found
            if found is not None and found.state in OVER:
                raise _broken(found)
            state = found.state.lower() if found else "waiting for Vercel to begin"
            if state != told:
                said(f"site: {state}")
                told = state
            if found is None and watch.passed > _APPEARS:
                raise VercelFailed(
                    f"Vercel began no build of {commit[:6]}.", "Look whether the project is connected to the repository and the branch."
                )
            watch.pause(_LOOK if watch.passed > 10 else _SOON, f"The site's build of {commit[:6]}")

    def serve(self, built: Deployment, *, deadline: float, stop: threading.Event) -> None:
        """Wait until the site serves a build; where new builds do not go live by themselves it is promoted.

        Raises:
            VercelFailed: it is not served.
        """
        watch = _Watch(deadline, stop)
        while True:
            project = self.project()
            if project.live is not None and project.live.id == built.id:
                return
            if project.pinned:
                self.promote(built, deadline=deadline, stop=stop)
                return
            if watch.passed > _APPEARS:
                raise VercelFailed(
                    f"The site was built from {built.commit[:6]}, but is not served.", f"Look at it: {built.inspector or 'Vercel'}."
                )
            watch.pause(_SOON, f"The site of {built.commit[:6]}")

    def promote(self, goal: Deployment, *, deadline: float, stop: threading.Event) -> None:
        """Have the site serve a build, and new ones go live by themselves again."""
        self._alias("promote", goal, lambda: self._door.send("POST", f"/v10/projects/{self._id}/promote/{goal.id}"), _Watch(deadline, stop))

    def back_to(self, goal: Deployment, why: str, *, deadline: float, stop: threading.Event) -> None:
        """Have the site serve a former build at once; new ones wait from then on.

        Raises:
            PlanForbids: the team's plan does not have it.
        """
        path = f"/v1/projects/{self._id}/rollback/{goal.id}"
        self._alias("rollback", goal, lambda: self._door.send("POST", path, description=why), _Watch(deadline, stop))

    def _alias(self, kind: str, goal: Deployment, send: Callable[[], Any], watch: _Watch) -> None:
        """Send it unless it is done or under way, then wait for its end."""
        project = self.project()
        if _is_done(project, kind, goal):
            return
        if not _is_under_way(project, kind, goal):
            self._send_once(kind, goal, send)
        while not _is_done(project := self.project(), kind, goal):
            if project.alias and project.alias.goal == goal.id and project.alias.status in {"failed", "skipped"}:
                raise VercelFailed(f"Vercel's {kind} to {goal.commit[:6]} {project.alias.status}.", f"Look at it: {goal.inspector}.")
            watch.pause(_SOON, f"Vercel's {kind} to {goal.commit[:6]}")

    def _send_once(self, kind: str, goal: Deployment, send: Callable[[], Any]) -> None:
        """Send it; where the answer was lost, look whether it arrived."""
        try:
            send()
        except VercelFailed as failed:
            if failed.status == 409:  # it serves it already
                return
            project = self.project()
            if failed.status or not (_is_under_way(project, kind, goal) or _is_done(project, kind, goal)):
                raise

    # -- maintenance -------------------------------------------------------------------------------------------------------

    def require_page(self) -> None:
        """Refuse maintenance without a page: visitors would be sent in circles.

        Raises:
            Refused: it does not answer.
        """
        import httpx

        url = f"{self.site}{self._page}"
        try:
            answer = httpx.get(url, timeout=15.0, cookies={}, follow_redirects=False, verify=certificates())
            fault = "" if answer.status_code in {200, 503} else f"answers {answer.status_code}"
        except httpx.HTTPError as error:
            fault = f"does not answer ({type(error).__name__})"
        if fault:
            raise Refused(
                f"The maintenance page {url} {fault}, so visitors would see an error.",
                "Add that page to the app and deploy it, or correct `[vercel] maintenance_page` and `[vercel] site`.",
            )

    def maintenance(self) -> Maintenance | None:
        """Our rule, if it is live."""
        return maintenance.find(self._door, self._routes)

    def maintenance_on(self, reason: str, by: str) -> None:
        """Show the maintenance page; a second time changes nothing."""
        hosts = [urlsplit(self.site).hostname or ""] if self._vercel.site else self._hosts()
        secret = maintenance.bypass(self._token, self._id)
        maintenance.put_up(self._door, self._routes, maintenance.rule(self._page, hosts, secret, f"{reason} ({by})"))

    def maintenance_off(self) -> None:
        """Show the site again; a second time changes nothing."""
        maintenance.take_down(self._door, self._routes)

    @property
    def bypass(self) -> dict[str, str]:
        """The cookie that opens the site during maintenance."""
        return {maintenance.COOKIE: maintenance.bypass(self._token, self._id)}

    @cached_property
    def site(self) -> str:
        """The site's address."""
        if self._vercel.site:
            return self._vercel.site.rstrip("/")
        hosts = self._hosts()
        if not hosts:
            raise Refused("Vercel names no domain of the project.", "Set `[vercel] site` to the site's address.")
        return f"https://{hosts[0]}"

    def _hosts(self) -> list[str]:
        """The project's production domains."""
        said = self._door.get(f"/v9/projects/{self._id}/domains").get("domains", ())
        return [str(each["name"]) for each in said if not each.get("gitBranch") and not each.get("redirect")]

    # -- the project -------------------------------------------------------------------------------------------------------

    @property
    def _vercel(self) -> VercelSection:
        if self._settings.vercel is None:
            raise Refused(f"{self.missing[0]}.", self.missing[1])
        return self._settings.vercel

    @property
    def _token(self) -> str:
        return self._settings.secrets.vercel_token.get_secret_value() if self._settings.secrets.vercel_token else ""

    @property
    def _page(self) -> str:
        return "/" + self._vercel.maintenance_page.lstrip("/")

    @cached_property
    def _door(self) -> Door:
        return Door(self._settings, self._vercel)

    @cached_property
    def _id(self) -> str:
        """The project's id: some addresses take no name."""
        return self.project().id

    @property
    def _routes(self) -> str:
        return f"/v1/projects/{self._id}/routes"


class _Watch:
    """How long something may take."""

    def __init__(self, deadline: float, stop: threading.Event) -> None:
        self._begun, self._deadline, self._stop = time.monotonic(), deadline, stop

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._begun

    def pause(self, seconds: float, what: str) -> None:
        """Wait a moment, or end it."""
        if self.passed > self._deadline:
            raise VercelFailed(f"{what} did not end within {self._deadline:g} seconds.", "Look at it at Vercel, then retry.")
        if self._stop.wait(seconds):
            raise Stopped(f"{what} was stopped.")


def _is_done(project: Project, kind: str, goal: Deployment) -> bool:
    """Whether it is served, and new builds go live or wait as they should."""
    served = project.live is not None and project.live.id == goal.id
    return served and (project.pinned is False if kind == "promote" else True)


def _is_under_way(project: Project, kind: str, goal: Deployment) -> bool:
    """Whether such a job was taken on and has not failed."""
    alias = project.alias
    return alias is not None and (alias.kind, alias.goal) == (kind, goal.id) and alias.status in {"pending", "in-progress"}


def _broken(found: Deployment) -> VercelFailed:
    """A build that came to nothing."""
    why = f": {found.error}" if found.error else ""
    return VercelFailed(
        f"The site's build of {found.commit[:6]} ended as {found.state.lower()}{why}.", f"Look at its log: {found.inspector or 'Vercel'}."
    )
