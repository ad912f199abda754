"""Settings: ``backstop.toml`` for what may be read, the environment for secrets. A wrong one stops the start."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from ops import freezes, schedules
from ops.errors import WrongSetting
from ops.people import Policy, Right, Role
from ops.purposes import Purpose

ROOT = Path(__file__).resolve().parent.parent
"""Where the project lies: the default home of the pinned convex CLI."""

_UNITS = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}


def byte_size(value: object) -> int:
    """Bytes from ``500``, ``"500 MB"`` or ``"1.5 GB"``; a bare number is megabytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?b)?\s*", str(value), re.IGNORECASE)
    if not match:
        raise ValueError('a size such as "500 MB" belongs here')
    return int(float(match[1]) * _UNITS[(match[2] or "mb").lower()])


def known_zone(value: str) -> str:
    """A zone of the tz database."""
    if value not in available_timezones():
        raise ValueError('a zone such as "Australia/Melbourne" belongs here')
    return value


class Section(BaseModel):
    """A part of the settings: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class App(Section):
    """The web app that is kept safe."""

    repository: str
    """Where its git remote is: an address or a path."""
    production_branch: str = "master"
    source_branch: str = "main"
    folder: str = "."
    """The app's folder inside the repository, where ``convex/`` lies."""
    install: str = "npm ci --prefer-offline"
    functions: Literal["bot", "vercel"] = "bot"
    """Who runs ``convex deploy``."""


class Deployment(Section):
    """One Convex deployment."""

    name: str
    """What it must call itself: its whole name, or the animal in it ("sturgeon")."""
    url: str | None = None
    """Set: a self-hosted deployment and its admin key. Not set: the key is a deploy key."""


class Convex(Section):
    """The database and how it is reached."""

    cli: Path = ROOT / "node_modules/convex/bin/main.js"
    deadline: int = Field(1800, gt=0)
    """Seconds that one run of the CLI may take."""
    file_storage: bool = False
    import_mode: Literal["replace-all", "replace"] = "replace-all"
    pause: bool = True
    production: Deployment
    staging: Deployment | None = None
    development: Deployment | None = None

    @property
    def leaves_others(self) -> bool:
        """Whether an import into production leaves tables alone that the archive does not have."""
        return self.import_mode == "replace"

    def deployment(self, environment: str) -> Deployment | None:
        """The deployment of an environment, if one is set."""
        found: Deployment | None = getattr(self, environment)
        return found


class Team(Section):
    """The people around the app."""

    name: str = ""
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"

    @property
    def zoneinfo(self) -> ZoneInfo:
        """The zone in which the team reads times."""
        return ZoneInfo(self.zone)


class Backups(Section):
    """Where backups lie, and how much room they may take."""

    folder: Path = Path("backups")
    warn_at: Annotated[int, BeforeValidator(byte_size)] = 500 * 1000**2
    """Bytes; a bare number in the file is megabytes. A warning comes from 80 % of it on."""


class Roles(Section):
    """Who holds which role: Slack people (``U…``) and user groups (``S…``)."""

    developer: frozenset[str] = frozenset()
    eng_lead: frozenset[str] = frozenset()
    cto: frozenset[str] = frozenset()
    devops: frozenset[str] = frozenset()

    def of(self, ids: frozenset[str]) -> frozenset[Role]:
        """The roles that any of these people or groups hold."""
        return frozenset(role for role in Role if ids & getattr(self, role.value))

    @property
    def ids(self) -> frozenset[str]:
        """Everybody named."""
        return self.developer | self.eng_lead | self.cto | self.devops


class Days(Section):
    """For how many days a full backup of each purpose stays; routine ones go by count."""

    automated: int = Field(30, ge=1)
    pre_deployment: int = Field(90, ge=1)
    pre_migration: int = Field(90, ge=1)
    critical: int = Field(365, ge=1)
    pre_release: int = Field(365, ge=1)
    post_incident: int = Field(365, ge=1)
    pre_infrastructure: int = Field(90, ge=1)
    safety: int = Field(30, ge=1)

    def of(self, purpose: Purpose | None) -> int | None:
        """Days, or None where only the count decides."""
        days: int | None = getattr(self, purpose.name.lower(), None) if purpose else None
        return days


class Retention(Section):
    """What is kept, by count and by age."""

    quick: int = Field(10, ge=1)
    full: int = Field(5, ge=1)
    trash_hours: int = Field(24, ge=1)
    days: Days = Days()


class Freeze(Section):
    """A time in which nothing is deployed: every week from a day and time to another, or once from a date to another."""

    start: Annotated[str, AfterValidator(freezes.known)] = Field(alias="from")
    end: Annotated[str, AfterValidator(freezes.known)] = Field(alias="until")
    zone: Annotated[str, AfterValidator(known_zone)] | None = None
    """The team's zone unless it is set."""
    why: str = ""

    @model_validator(mode="after")
    def _of_one_sort(self) -> Self:
        """Both ends weekly, or both dated."""
        freezes.require_pair(self.start, self.end)
        return self


class Gate(Section):
    """When production may change."""

    warn_after_hours: float = Field(1, gt=0)
    """An older backup is said and one confirmation asked."""
    max_age_hours: float | None = Field(None, gt=0)
    """An older one does not count at all."""
    reason_when_amber: bool = False
    """Whether passing an amber gate asks for a reason too."""
    staging_first: bool = False
    """Whether the functions go to the staging deployment before production."""
    override: frozenset[Role] = frozenset({Role.ENG_LEAD, Role.CTO})
    """Who may pass a closed gate, with a reason that is told."""
    freeze: tuple[Freeze, ...] = ()


_LEADS = frozenset({Role.ENG_LEAD, Role.CTO, Role.DEVOPS})


class Approvals(Section):
    """Which roles may do what, and who signs."""

    take: frozenset[Role] = frozenset(Role)
    delete: frozenset[Role] = _LEADS
    deploy: frozenset[Role] = frozenset({Role.DEVELOPER, Role.ENG_LEAD, Role.CTO})
    """Who deploys without a signature; everybody else in a role asks an Eng Lead."""
    code_rollback: frozenset[Role] = frozenset({Role.ENG_LEAD, Role.CTO})
    """Who rolls the code back without a signature; everybody else in a role asks an Eng Lead."""
    hold: frozenset[Role] = _LEADS
    """Who holds deploys, lifts a hold, switches maintenance, lets a paused app run."""
    settle: frozenset[Role] = _LEADS
    """Who decides about a halted operation."""
    break_glass: frozenset[Role] = _LEADS
    """Who may start without the signature when nobody signs."""
    production_database: Role = Role.CTO
    variables: Role = Role.ENG_LEAD
    configuration: Role = Role.ENG_LEAD
    expiry_minutes: int = Field(30, ge=1)
    remind_minutes: tuple[int, ...] = (5, 10, 20)
    """Minutes after the asking at which the approvers are reminded."""
    stand_ins: frozenset[str] = frozenset()
    """Slack people (``U…``) who may sign in the approvers' place once they were told."""
    stand_in_minutes: int = Field(10, ge=0)
    break_glass_after_minutes: int = Field(10, ge=0)
    allow_self: bool = False
    """Whether whoever asks may sign; the card says so."""

    @property
    def policy(self) -> Policy:
        """The rights as the people's module reads them."""
        everybody = frozenset(Role)
        return {
            Right.TAKE: self.take,
            Right.DELETE: self.delete,
            Right.DEPLOY: everybody,
            Right.ROLLBACK: everybody,
            Right.RESTORE: everybody,
            Right.HOLD: self.hold,
            Right.SETTLE: self.settle,
            Right.APPROVE: everybody,
            Right.BREAK_GLASS: self.break_glass,
        }


def _several(found: object) -> object:
    """One, or a list."""
    return (found,) if isinstance(found, str) else found


class Schedule(Section):
    """When things happen; days by name, times in the team's zone unless they end in UTC."""

    backup: Annotated[tuple[Annotated[str, AfterValidator(schedules.known)], ...], BeforeValidator(_several), Field(min_length=1)] = (
        "00:00 utc",
    )
    health: Annotated[str, AfterValidator(schedules.known)] = "09:00"
    retention: Annotated[str, AfterValidator(schedules.known)] = "09:05"
    weekly: Annotated[str, AfterValidator(schedules.known)] = "mon 09:00"
    monthly: Annotated[str, AfterValidator(schedules.known)] = "1st mon 09:00"


def _address(value: str) -> str:
    """An e-mail address, as far as can be told without sending to it."""
    if not re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", value):
        raise ValueError('an address such as "oncall@example.com" belongs here')
    return value


def _night(value: str) -> str:
    """From one time of day to another."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('two times such as "22:00-07:00" belong here')
    return value


class Alerts(Section):
    """Who hears of trouble outside Slack, and when nobody does."""

    email: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    sender: str = ""
    """Whom the mails come from; SMTP_URL's user if it is left out."""
    night: Annotated[str, AfterValidator(_night)] = "22:00-07:00"
    """In the team's zone: what is below P0 waits for its end."""

    @property
    def night_times(self) -> tuple[time, time]:
        """When it begins and ends."""
        begins, ends = self.night.split("-")
        return time.fromisoformat(begins), time.fromisoformat(ends)


class Docs(Section):
    """Addresses of the team's own documents, shown on the cards."""

    rollback_plan: str = ""
    deployment_checklist: str = ""
    incident_response: str = ""
    runbooks: str = ""


class Smoke(Section):
    """One page that must answer."""

    url: str
    status: int = 200
    text: str = ""
    environment: Literal["production", "staging", "development"] = "production"


class SpotCheck(Section):
    """Rows that a backup must have: how many of a table match, and how many of them are drawn and named in the report."""

    table: str
    where: dict[str, str | int | float | bool] = {}
    """Fields and what they hold."""
    within_days: float | None = Field(None, gt=0)
    """Only rows that were created in so many days before the backup."""
    at_least: int = Field(1, ge=0)
    sample: int = Field(0, ge=0, le=100)

    @property
    def words(self) -> str:
        """What it counts."""
        matching = " and ".join(f"{name} = {wanted}" for name, wanted in self.where.items())
        lately = f" of the last {self.within_days:g} days" if self.within_days is not None else ""
        return f"{self.table}{f' with {matching}' if matching else ''}{lately}"


class Verification(Section):
    """The weekly restore to staging."""

    choose: Literal["need", "random"] = "need"
    put_back: bool = True
    """Whether staging's own data come back afterwards; else the backup's stay there."""


class Drill(Section):
    """What coming back is measured against."""

    rto_minutes: int = Field(30, ge=1)
    """Within how long production must be back."""
    rpo_hours: int = Field(24, ge=1)
    """How much data, in hours, may be lost."""


class Vercel(Section):
    """The site; left out, the steps that need it are not there."""

    team: str = ""
    project: str
    maintenance_page: str = "/maintenance.html"
    site: str = ""
    """The site's own address, such as ``https://www.example.com``; the project's first domain if it is left out."""


class Secrets(Section):
    """What only the environment holds; never printed."""

    convex_production_key: SecretStr | None = None
    convex_staging_key: SecretStr | None = None
    convex_development_key: SecretStr | None = None
    vercel_token: SecretStr | None = None
    smtp_url: SecretStr | None = None
    pagerduty_key: SecretStr | None = None
    heartbeat_url: SecretStr | None = None
    """Pinged while the bot looks at its schedule; whoever knows the address can keep it quiet."""
    backup_ping_url: SecretStr | None = None
    """Pinged at the start and the end of each automated backup."""

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: SecretStr | None) -> SecretStr | None:
        """Over TLS, in one of two ways."""
        if value is not None and not re.fullmatch(r"smtps?://([^/\s]*@)?[^/@:\s]+(:\d+)?/?", value.get_secret_value()):
            raise ValueError("an address such as smtps://user:password@smtp.example.com:465, or smtp://…:587 for STARTTLS, belongs here")
        return value

    @field_validator("heartbeat_url", "backup_ping_url")
    @classmethod
    def _is_web(cls, value: SecretStr | None) -> SecretStr | None:
        """Something that can be asked."""
        if value is not None and not re.match(r"https?://[^/\s]+", value.get_secret_value()):
            raise ValueError("an address such as https://hc-ping.com/… belongs here")
        return value

    def convex_key(self, environment: str) -> SecretStr | None:
        """The key of an environment's deployment."""
        key: SecretStr | None = getattr(self, f"convex_{environment}_key")
        return key


class Settings(Section):
    """Everything that ops needs; the bot adds Slack."""

    app: App
    convex: Convex
    team: Team = Team()
    backups: Backups = Backups()
    roles: Roles = Roles()
    retention: Retention = Retention()
    gate: Gate = Gate()
    approvals: Approvals = Approvals()
    schedule: Schedule = Schedule()
    alerts: Alerts = Alerts()
    docs: Docs = Docs()
    smoke: tuple[Smoke, ...] = ()
    spot_check: tuple[SpotCheck, ...] = ()
    verification: Verification = Verification()
    drill: Drill = Drill()
    vercel: Vercel | None = None
    slack: Any = None
    """Slack's section, unread here: the terminal works without it."""
    secrets: Secrets = Secrets()
    database_url: SecretStr | None = None
    vercel_api_url: str = "https://api.vercel.com"
    pagerduty_url: str = "https://events.pagerduty.com"

    @property
    def folder(self) -> Path:
        """Where backups lie."""
        return self.backups.folder

    @property
    def state(self) -> Path:
        """Where everything else of ours lies."""
        return self.backups.folder / ".state"

    @property
    def previews(self) -> Path:
        """Where whole exports lie for as long as they are compared."""
        return self.state / "previews"

    @property
    def database(self) -> str:
        """The database's address as SQLAlchemy understands it."""
        if self.database_url is None:
            return f"sqlite:///{self.state / 'bot.sqlite'}"
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.database_url.get_secret_value())

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the file that BACKSTOP_CONFIG names (``backstop.toml`` otherwise) and the environment's secrets.

        Raises:
            WrongSetting: one line with the key, the value, and what would be right.
        """
        path = Path(environ.get("BACKSTOP_CONFIG") or "backstop.toml").absolute()
        return parse(cls, _read(path) | cls.from_environment(environ), path.parent)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> dict[str, Any]:
        """The values that the environment gives."""
        secrets = {name: environ[name.upper()] for name in Secrets.model_fields if environ.get(name.upper())}
        named = {name: environ[name.upper()] for name in ("database_url", "vercel_api_url", "pagerduty_url") if environ.get(name.upper())}
        return {"secrets": secrets, **named}


AnySettings = TypeVar("AnySettings", bound=Settings)


def parse(kind: type[AnySettings], values: dict[str, Any], home: Path) -> AnySettings:
    """Check the values; relative paths count from the file's folder."""
    try:
        settings = kind.model_validate(values)
    except ValidationError as error:
        raise _in_one_line(error, values) from None
    return settings.model_copy(
        update={
            "backups": settings.backups.model_copy(update={"folder": (home / settings.backups.folder).resolve()}),
            "convex": settings.convex.model_copy(update={"cli": (home / settings.convex.cli.expanduser()).resolve()}),
            "app": settings.app.model_copy(update={"repository": _repository(settings.app.repository, home)}),
        }
    )


def _repository(value: str, home: Path) -> str:
    """An address as it is; a path in full."""
    remote = "://" in value or re.match(r"^[^/]+:", value)
    return value if remote else str((home / Path(value).expanduser()).resolve())


def _read(path: Path) -> dict[str, Any]:
    """The file's tables, without what only the environment may give."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise WrongSetting(
            f"There is no settings file at {path}.", "Copy backstop.example.toml there, or name yours in BACKSTOP_CONFIG."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSetting(f"{path} cannot be read: {error}.", "Mend that line; the file is TOML.") from None
    if secret := values.keys() & {"secrets", "database_url"}:
        raise WrongSetting(f"{path} holds `{min(secret)}`.", "Secrets come from the environment only: see backstop.example.toml.")
    return values


def _in_one_line(error: ValidationError, values: dict[str, Any]) -> WrongSetting:
    """The first mistake as key, value, and what would be right."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    key = ".".join(where)
    if first["type"] == "missing":
        return WrongSetting(f"The setting `{key}` is missing.", "See backstop.example.toml.")
    if first["type"] == "extra_forbidden":
        return WrongSetting(f"There is no setting `{key}`.", "See backstop.example.toml for those there are.")
    shown = "" if where[0] == "secrets" else f" is {_value(values, first['loc'])!r}"
    right = first["msg"].removeprefix("Value error, ")
    return WrongSetting(f"The setting `{key}`{shown}.", f"{right[:1].upper()}{right[1:]}.")


def _value(values: Any, path: tuple[int | str, ...]) -> Any:
    """What stands at that place in the file."""
    for part in path:
        if not isinstance(values, dict) or part not in values:
            break
        values = values[part]
    return values
