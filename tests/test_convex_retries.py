"""What the CLI itself tries again for half a minute, and then gives up, is told in our words; the two take that long at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ops.services.convex import ConvexFailed
from tests.exporting import OurSide, deployment

SENTENCES = {
    "404": "Convex finished the export of production · sturgeon, but does not have its archive.",
    "500": "production · sturgeon answered with an error: 500 Internal Server Error: ",
}


def failure(folder: Path, fault: str) -> str:
    """How an export fails whose archive cannot be had."""
    server = deployment()
    server.faults["download"] = fault
    try:
        return OurSide(folder / fault, server.url).failure(ConvexFailed).message
    finally:
        server.stop()


def test_an_archive_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as threads:
        told = threads.map(lambda fault: failure(tmp_path, fault), SENTENCES)
    for message, sentence in zip(told, SENTENCES.values(), strict=True):
        assert message.startswith(sentence)
