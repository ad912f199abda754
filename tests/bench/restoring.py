"""The restore beside the bare CLI commands that it needs: the safety export, the import, the export of the proof."""

from __future__ import annotations

import statistics
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

from ops import asking, restore
from ops.backstop import Backstop
from ops.services.convex import target
from tests.bench.changing import BOB, CAROL
from tests.bench.figures import Figure, timed
from tests.remotes import PLAIN
from tests.shipping import NEVER, Shop, ended, taken


def beside(folder: Path, megabytes: int, n: int) -> Iterator[Figure]:
    """Ours and the commands take turns, on one production of so many MB."""
    shop = Shop(folder, vercel=False)
    ours: list[float] = []
    bare: list[float] = []
    try:
        shop.convex.fill("messages", megabytes * 1000**2 // 440, bytes_each=440)
        with shop.backstop() as backstop:
            made = taken(backstop, "full")
            archive = backstop.catalogue.archive(made)
            for number in range(n):
                plan = restore.plan(shop.settings, restore.look(backstop.services, made, "production", stop=NEVER), "bench")
                asked = asking.ask(backstop, BOB, plan, id=uuid.uuid4().hex[:12])
                with timed(ours):
                    asking.approve(backstop, CAROL, asked.approval.id)
                    view = ended(backstop, asked.operation_id)
                assert view.status == "succeeded", view
                with timed(bare):
                    _bare(backstop, archive, folder / f"bare-{number}")
    finally:
        shop.close()
    spent, beside_it = statistics.median(ours), statistics.median(bare)
    yield Figure(
        what=f"restore of {megabytes} MB, beside the bare CLI's export, import and export", ours=spent, unit="s", beside=beside_it,
        beside_what="bare", aim="≤ 1.10×", most=beside_it * 1.10, n=n,
    )  # fmt: skip


def _bare(backstop: Backstop, archive: Path, scratch: Path) -> None:
    """What a person would run."""
    scratch.mkdir()
    (scratch / "package.json").write_text('{"dependencies": {"convex": "*"}}')
    environ = {**PLAIN, **target.find(backstop.settings, "production").environ, "HOME": str(Path.home()), "CI": "1"}
    for words in (("export", "--path", "before.zip"), ("import", "--replace-all", "-y", str(archive)), ("export", "--path", "after.zip")):
        command = ["node", str(backstop.settings.convex.cli), *words]
        subprocess.run(command, cwd=scratch, env=environ, check=True, capture_output=True)
