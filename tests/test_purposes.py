"""Why a backup was taken, and the label that the documents ask for."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ops import purposes
from ops.purposes import Purpose, UnknownPurpose

MELBOURNE = ZoneInfo("Australia/Melbourne")


@pytest.mark.parametrize(
    ("purpose", "description", "label"),
    [
        (Purpose.PRE_MIGRATION, "Add salary table", "Pre-migration backup - Add salary table - 2025-01-09"),
        (Purpose.PRE_DEPLOYMENT, "v1.0.5", "Pre-deployment backup - v1.0.5 - 2025-01-09"),
        (Purpose.PRE_DEPLOYMENT, "  v1.0.5 \n", "Pre-deployment backup - v1.0.5 - 2025-01-09"),
        (Purpose.ROUTINE, "", "Routine backup - 2025-01-09"),
        (Purpose.ROUTINE, "  ", "Routine backup - 2025-01-09"),
        (Purpose.CRITICAL, "a - b", "Critical backup - a - b - 2025-01-09"),
    ],
)
def test_the_label_is_purpose_description_and_date(purpose: Purpose, description: str, label: str) -> None:
    assert purposes.label(purpose, description, date(2025, 1, 9)) == label


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-04-04T12:59:59", "2026-04-04"),
        ("2026-04-04T13:00:00", "2026-04-05"),
        ("2026-04-04T15:30:00", "2026-04-05"),
        ("2026-04-04T16:30:00", "2026-04-05"),
        ("2026-04-05T13:59:59", "2026-04-05"),
        ("2026-04-05T14:00:00", "2026-04-06"),
        ("2026-10-03T13:59:59", "2026-10-03"),
        ("2026-10-03T14:00:00", "2026-10-04"),
        ("2026-10-03T16:00:00", "2026-10-04"),
        ("2026-10-04T12:59:59", "2026-10-04"),
        ("2026-10-04T13:00:00", "2026-10-05"),
    ],
)
def test_the_labels_date_is_the_teams_over_both_changes_of_the_clock(instant: str, day: str) -> None:
    local = datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(MELBOURNE).date()
    assert purposes.label(Purpose.ROUTINE, "", local) == f"Routine backup - {day}"


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_is_read_as_people_type_it(purpose: Purpose) -> None:
    for text in (purpose.value, purpose.value.upper(), f"  {purpose.value.replace('-', ' ')} ", purpose.name):
        assert purposes.parse(text) is purpose


@pytest.mark.parametrize("text", ["because", "", "pre", "<!channel>", "x" * 40_000])
def test_an_unknown_purpose_lists_those_there_are(text: str) -> None:
    with pytest.raises(UnknownPurpose) as caught:
        purposes.parse(text)
    assert caught.value.remedy.startswith("Choose one of: routine, automated, pre-deployment, pre-migration")
    assert len(caught.value.message) < 100
