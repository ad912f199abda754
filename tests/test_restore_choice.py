"""Which backup a restore proposes: the newest sound one from before it began, by the team's clock."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ops import restore
from ops.backstop import Backstop
from ops.errors import Refused
from tests.restoring import NOW, backstop, kept, shop
from tests.shipping import taken

__all__ = ["backstop", "shop"]  # the fixtures


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("09:40", "2026-11-26 09:40"), ("21:30", "2026-11-26 21:30"), ("23:30", "2026-11-25 23:30"), ("2026-11-20 08:00", "2026-11-20 08:00")],
)
def test_a_time_is_read_by_the_teams_clock_and_never_lies_ahead(typed: str, meant: str) -> None:
    zone = ZoneInfo("Australia/Melbourne")  # where it is 23:00
    assert f"{restore.moment(typed, zone, NOW):%Y-%m-%d %H:%M}" == meant


def test_what_is_no_time_is_told() -> None:
    with pytest.raises(Refused, match="is no time"):
        restore.moment("this morning", ZoneInfo("UTC"), NOW)


def test_the_newest_sound_backup_from_before_it_began_is_proposed(backstop: Backstop) -> None:
    old, new = kept(backstop), taken(backstop, "full")
    backups = {each.id: each for each in backstop.catalogue.all()}
    label, between = "sturgeon", backups[new].snapshot_timestamp
    assert next(each.id for each in restore.offered(backups.values(), None, label)) == new
    assert next(each.id for each in restore.offered(backups.values(), between, label)) == old
    assert restore.offered(backups.values(), None, "trout") == []
