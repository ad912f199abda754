"""Old data and new schemas, and the other way round: what Convex refuses, and the push in between that takes both."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ops.services.convex import Convex, ConvexFailed, Misfit, SchemaRefused, in_between
from sandbox.convex import ConvexServer
from tests.changing_convex import (
    NEW,
    OLD,
    PRODUCTION,
    app,
    bring,
    indexes,
    ours,
    push,
    server,
    silent,
    with_new_rows,
    with_new_rows_through_an_open_schema,
)
from tests.convex_cli import App, archive_of, prints

__all__ = ["app", "ours", "server"]  # the fixtures


def test_the_push_in_between_keeps_what_the_schema_exports_beside_itself(ours: Convex, app: App, server: ConvexServer) -> None:
    schema = app.folder / "convex/schema.ts"
    schema.write_text(f"{schema.read_text()}export const limit = 20;\n")
    app.write("limits.ts", 'import { limit } from "./schema";\nexport const twice = limit * 2;\n')
    with in_between(app.folder):
        push(ours, app)
    assert server.deployed.pushes == 1


def test_old_data_under_the_new_schema_are_refused_and_nothing_changes(
    ours: Convex, app: App, server: ConvexServer, tmp_path: Path
) -> None:
    old = archive_of(server, tmp_path / "old.zip")
    with_new_rows(server)
    app.write_schema(NEW)
    push(ours, app)
    before = prints(server)
    with pytest.raises(Misfit, match="table messages: the field `read` is missing"):
        bring(ours, old)
    assert prints(server) == before


def test_the_old_schema_over_new_data_is_refused(ours: Convex, app: App, server: ConvexServer) -> None:
    push(ours, app)
    with_new_rows_through_an_open_schema(ours, app, server)
    app.write_schema(OLD)
    assert "messages" in ours.check(PRODUCTION, app.folder, stop=threading.Event(), said=silent).clash
    with pytest.raises(SchemaRefused):
        push(ours, app)


def test_old_data_under_the_old_schema_and_new_data_under_the_new_one_are_taken(
    ours: Convex, app: App, server: ConvexServer, tmp_path: Path
) -> None:
    push(ours, app)
    old = archive_of(server, tmp_path / "old.zip")
    assert bring(ours, old)
    with_new_rows_through_an_open_schema(ours, app, server)
    new = archive_of(server, tmp_path / "new.zip")
    app.write_schema(NEW)
    push(ours, app)
    assert bring(ours, new)


def test_the_push_in_between_takes_both_ways_and_keeps_the_indexes(ours: Convex, app: App, server: ConvexServer, tmp_path: Path) -> None:
    """From new schema and new data back to old schema and old data, where neither order is possible without it."""
    old = archive_of(server, tmp_path / "old.zip")
    wanted = prints(server)
    with_new_rows(server)
    app.write_schema(NEW)
    push(ours, app)
    there = indexes(server)
    app.write_schema(OLD)
    with in_between(app.folder):
        push(ours, app)
        assert indexes(server) == there
    assert bring(ours, old) is not None
    push(ours, app)
    assert prints(server) == wanted
    assert indexes(server) == there
    assert sorted(each.name for each in (app.folder / "convex").glob("schema*")) == ["schema.ts"]


def test_the_apps_schema_is_as_it_was_when_the_push_in_between_fails(ours: Convex, app: App, server: ConvexServer) -> None:
    server.faults["push"] = "internal"
    text = (app.folder / "convex/schema.ts").read_text()
    with pytest.raises(ConvexFailed), in_between(app.folder):
        push(ours, app)
    assert (app.folder / "convex/schema.ts").read_text() == text
    assert not list((app.folder / "convex").glob("schema.original*"))
