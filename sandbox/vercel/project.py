"""The project's state: deployments that build as time goes by, what is live, whether new ones go live by themselves."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.now import Now
from sandbox.vercel.faults import Faults

PRODUCTION = "production"
_JOB = 0.15  # seconds that an alias job takes


@dataclass(kw_only=True)
class Deployment:
    """One build."""

    uid: str
    commit: str
    message: str
    branch: str
    created: float  # seconds since 1970, as all times here
    seconds: float  # that it builds
    failure: str = ""
    hangs: bool = False
    canceled: bool = False
    served: bool = False  # it was production once
    target: str | None = PRODUCTION

    def state(self, now: float) -> str:
        """How far it is."""
        if self.canceled:
            return "CANCELED"
        passed = now - self.created
        if passed < self.seconds * 0.2:
            return "QUEUED"
        if self.hangs or passed < self.seconds:
            return "BUILDING"
        return "ERROR" if self.failure else "READY"


@dataclass(kw_only=True)
class Job:
    """A promotion or a rollback under way."""

    kind: str
    origin: str | None
    goal: str
    at: float
    fails: bool = False
    done: bool = False

    def status(self, now: float) -> str:
        """How far it is."""
        if now - self.at < _JOB / 3:
            return "pending"
        if now - self.at < _JOB:
            return "in-progress"
        return "failed" if self.fails else "succeeded"


@dataclass
class Project:
    """What Vercel knows of the project; kept in a file, so that a restart changes nothing."""

    path: Path
    faults: Faults
    build: float = 0.4  # seconds
    hobby: bool = False
    now: Now = field(default_factory=Now)
    deployments: list[Deployment] = field(default_factory=list)  # newest first
    live: str | None = None
    previous: str | None = None  # what was live before
    auto: bool = True
    job: Job | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def push(self, commit: str, message: str, branch: str) -> Deployment:
        """A commit came to the production branch."""
        with self.lock:
            word, _, seconds = str(self.faults.get("build", "")).partition(":")
            made = Deployment(
                uid=f"dpl_{uuid.uuid4().hex[:20]}",
                commit=commit,
                message=message,
                branch=branch,
                created=self.now.seconds(),
                seconds=float(seconds) if word == "slow" else self.build,
                failure='Command "npm run build" exited with 1' if word == "fail" else "",
                hangs=word == "hang",
            )
            self.deployments.insert(0, made)
            self.save()
            return made

    def settle(self) -> float:
        """Bring everything up to this moment."""
        now = self.now.seconds()
        with self.lock:
            self._finish_job(now)
            for each in reversed(self.deployments):
                if each.state(now) == "READY" and not each.served and self.auto and self.faults.get("alias") != "never":
                    self._serve(each.uid)
        return now

    def find(self, uid: str) -> Deployment | None:
        """One deployment, by id or address."""
        return next((each for each in self.deployments if uid in {each.uid, address(each)}), None)

    def start(self, kind: str, goal: Deployment) -> None:
        """Begin to serve another one."""
        with self.lock:
            fault = self.faults.get(kind)
            self.job = Job(kind=kind, origin=self.live, goal=goal.uid, at=self.now.seconds(), fails=fault == "fail")
            self.save()

    def _finish_job(self, now: float) -> None:
        """Serve what a job was for, once its time is over."""
        job = self.job
        if job is None or job.done or job.status(now) not in {"succeeded", "failed"}:
            return
        job.done = True
        if not job.fails:
            self.auto = job.kind == "promote"
            self._serve(job.goal)
        self.save()

    def _serve(self, uid: str) -> None:
        """Have the domains point to it."""
        found = self.find(uid)
        if found is not None and self.live != uid:
            found.served = True
            self.live, self.previous = uid, self.live
            self.save()

    # -- kept --

    def save(self) -> None:
        """Write it down."""
        kept = {
            "deployments": [asdict(each) for each in self.deployments],
            "job": asdict(self.job) if self.job else None,
            **{name: getattr(self, name) for name in ("live", "previous", "auto", "hobby")},
        }
        self.path.write_text(json.dumps(kept))

    def load(self) -> None:
        """Read what was written down."""
        if not self.path.exists():
            return
        kept: dict[str, Any] = json.loads(self.path.read_text())
        self.deployments = [Deployment(**each) for each in kept.pop("deployments")]
        job = kept.pop("job")
        self.job = Job(**job) if job else None
        for name, value in kept.items():
            setattr(self, name, value)


def address(deployment: Deployment) -> str:
    """The host of one deployment."""
    return f"harbour-{deployment.uid.removeprefix('dpl_')[:9]}.vercel.app"
