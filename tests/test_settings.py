"""Settings: what is right is read, what is wrong stops the start with one line."""

import tomllib
from pathlib import Path

import pytest

from ops.errors import WrongSetting
from ops.people import Role
from ops.settings import ROOT, Settings

EXAMPLE = ROOT / "backstop.example.toml"
SMALL = '[app]\nrepository = "/srv/app.git"\n[convex.production]\nname = "sturgeon"\n'


def load(tmp_path: Path, text: str, **environment: str) -> Settings:
    path = tmp_path / "backstop.toml"
    path.write_text(text)
    return Settings.load({"BACKSTOP_CONFIG": str(path), **environment})


def refusal(tmp_path: Path, text: str, **environment: str) -> str:
    with pytest.raises(WrongSetting) as caught:
        load(tmp_path, text, **environment)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_example_is_loaded_and_carries_the_documents_values() -> None:
    settings = Settings.load({"BACKSTOP_CONFIG": str(EXAMPLE)})

    assert (settings.app.production_branch, settings.app.source_branch) == ("master", "main")
    assert settings.convex.production.name == "sturgeon"
    assert settings.convex.development is not None
    assert settings.convex.development.name == "trout"
    assert (settings.retention.quick, settings.retention.full, settings.backups.warn_at) == (10, 5, 500_000_000)
    assert settings.retention.days.model_dump() == {
        "automated": 30,
        "pre_deployment": 90,
        "pre_migration": 90,
        "critical": 365,
        "pre_release": 365,
        "post_incident": 365,
        "pre_infrastructure": 90,
        "safety": 30,
    }
    assert settings.team.zone == "Australia/Melbourne"
    assert settings.approvals.production_database is Role.CTO
    assert settings.slack == {"engineering": "#engineering", "incidents": "#incidents", "transport": "socket"}


def test_the_example_names_every_setting_there_is() -> None:
    text = EXAMPLE.read_text()
    tables = tomllib.loads(text)
    for section, field in Settings.model_fields.items():
        if section in {"secrets", "database_url", "vercel_api_url", "pagerduty_url"}:
            continue
        assert f"[{section}]" in text or f"[[{section}]]" in text, section
        model = type(field.default)
        for key in getattr(model, "model_fields", {}):
            assert key in tables.get(section, {}) or f"# {key} =" in text or f"# [[{section}.{key}]]" in text, f"{section}.{key}"


def test_what_is_left_out_takes_the_documents_values(tmp_path: Path) -> None:
    settings = load(tmp_path, SMALL)

    assert settings.folder == tmp_path / "backups"
    assert settings.database == f"sqlite:///{tmp_path}/backups/.state/bot.sqlite"
    assert settings.retention.quick == 10


def test_postgres_addresses_of_every_spelling_are_understood(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql"):
        assert load(tmp_path, SMALL, DATABASE_URL=f"{scheme}://u:p@db/x").database == "postgresql+psycopg://u:p@db/x"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[team]\nzone = "Australia/Melborne"\n', "`team.zone` is 'Australia/Melborne'"),
        ("[retention]\nquick = 0\n", "`retention.quick` is 0"),
        ("[retention]\nquik = 3\n", "no setting `retention.quik`"),
        ('[backups]\nwarn_at = "much"\n', 'a size such as "500 MB"'),
        ('[alerts]\nemail = "oncall@example.com"\n', "a list such as"),
        ('[roles]\ncto = "U0CAROL"\n', "a list such as"),
        ("[team]\nzone = [", "cannot be read"),
        ('database_url = "postgres://u:hunter2@db"\n', "Secrets come from the environment only"),
    ],
)
def test_a_wrong_setting_says_key_value_and_what_would_be_right(tmp_path: Path, text: str, says: str) -> None:
    said = refusal(tmp_path, text if text.startswith("database") else SMALL + text)
    assert says.lower() in said.lower()
    assert "hunter2" not in said


def test_a_missing_setting_and_a_missing_file_are_named(tmp_path: Path) -> None:
    assert "`app.repository` is missing" in refusal(tmp_path, '[app]\n[convex.production]\nname = "x"\n')
    with pytest.raises(WrongSetting, match="no settings file"):
        Settings.load({"BACKSTOP_CONFIG": str(tmp_path / "none.toml")})


def test_secrets_come_from_the_environment_and_are_not_printed(tmp_path: Path) -> None:
    settings = load(tmp_path, SMALL, CONVEX_PRODUCTION_KEY="prod:x|hunter2", DATABASE_URL="postgres://u:hunter2@db/x")

    key = settings.secrets.convex_key("production")
    assert key is not None
    assert key.get_secret_value() == "prod:x|hunter2"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "text", ["0 3 * * *", "0 9 * * 1", "*/5 * * * mon", "1 09:00", "0 03:00 UTC", "0 9 ? * 2", "0 9 * * 1#1", "1-5 09:00"]
)
def test_crons_digits_are_refused_with_the_reason(tmp_path: Path, text: str) -> None:
    said = refusal(tmp_path, f'{SMALL}[schedule]\nweekly = "{text}"\n')
    assert '"mon 09:00"' in said
    assert "day 0 is Sunday to some programs and Monday to others" in said
    for none in ("someday", "5th mon 09:00", "9:00", "24:00"):
        assert "cron" not in refusal(tmp_path, f'{SMALL}[schedule]\nweekly = "{none}"\n')


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('weekly = "09:00"', "once a week"),
        ('weekly = "1st mon 09:00"', "once a week"),
        ('monthly = "mon 09:00"', "once a month"),
        ('monthly = "09:00 UTC"', "once a month"),
        ('health = "mon 09:00"', "every day"),
        ('retention = "1st mon 09:05"', "every day"),
        ('backup = "1st mon 00:00 UTC"', "too seldom for a backup"),
        ('backup = ["00:00 UTC", "1st mon 12:00 UTC"]', "too seldom for a backup"),
    ],
)
def test_what_would_come_more_often_or_more_seldom_than_it_should_is_refused(tmp_path: Path, line: str, why: str) -> None:
    assert why in refusal(tmp_path, f"{SMALL}[schedule]\n{line}\n")


@pytest.mark.parametrize(
    "line",
    ['sender = "x"', 'sender = "a@b.example\\nBcc: c@d.example"', 'email = ["ä@b.example"]', 'email = ["a;b@c.example"]'],
)
def test_an_address_that_would_keep_alerts_from_leaving_is_refused(tmp_path: Path, line: str) -> None:
    assert "An address such as" in refusal(tmp_path, f"{SMALL}[alerts]\n{line}\n")


def test_a_sender_may_have_a_name_and_a_mail_server_an_address_in_the_users_place(tmp_path: Path) -> None:
    sender = "Bäckstop of Harbour <bot@harbour.example>"
    found = load(tmp_path, f'{SMALL}[alerts]\nsender = "{sender}"\n', SMTP_URL="smtps://bot@harbour.example:pass@mail.harbour.example")
    assert found.alerts.sender == sender


@pytest.mark.parametrize("url", ["events.eu.pagerduty.com", "https://", "ftp://events.example", "https://[x", "https://h:99999"])
def test_an_address_that_nothing_can_be_sent_to_is_refused_at_the_start(tmp_path: Path, url: str) -> None:
    assert f"`pagerduty_url` is '{url}'" in refusal(tmp_path, SMALL, PAGERDUTY_URL=url)
    assert url not in refusal(tmp_path, SMALL, HEARTBEAT_URL=url).replace("https://example.com", "")
