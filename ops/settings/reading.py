"""All of the settings together: read, checked, and wrong in one line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, SecretStr, ValidationError

from ops.errors import WrongSetting
from ops.settings.outside import App, Convex, Secrets, Smoke, Vercel
from ops.settings.people import Alerts, Approvals, Docs, Roles, Team
from ops.settings.rules import Backups, Drill, Gate, Retention, Schedule, SpotCheck, Verification
from ops.settings.values import Section, web


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
    pagerduty_url: Annotated[str, AfterValidator(web)] = "https://events.pagerduty.com"

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


_LIST = 'a list such as ["…", "…"] belongs here'


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
    right = _LIST if first["type"] in {"tuple_type", "frozen_set_type"} else first["msg"].removeprefix("Value error, ")
    return WrongSetting(f"The setting `{key}`{shown}.", f"{right[:1].upper()}{right[1:]}.")


def _value(values: Any, path: tuple[int | str, ...]) -> Any:
    """What stands at that place in the file."""
    for part in path:
        if not isinstance(values, dict) or part not in values:
            break
        values = values[part]
    return values
