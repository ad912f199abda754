"""Exports over HTTP: ask for one, cancel it, download its archive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.convex.deployment import Deployment
from sandbox.convex.exports import Exports
from sandbox.convex.refusals import Refusal


class ExportDoor:
    """What the CLI calls to export."""

    def __init__(self, deployment: Deployment, exports: Exports) -> None:
        self._deployment, self._exports = deployment, exports

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/api/export/request/zip", self.request, methods=["POST"]),
            Route("/api/export/zip/{started}", self.download, methods=["GET"]),
            Route("/api/export/cancel/{identifier}", self.cancel, methods=["POST"]),
        ]

    async def request(self, request: Request) -> Response:
        """Begin an export."""
        self._deployment.keys.admit(request, "deployment:backups:create")
        self._exports.request(with_files=request.query_params.get("includeStorage") == "true")
        return Response()

    async def cancel(self, request: Request) -> Response:
        """Cancel an export that is under way."""
        self._deployment.keys.admit(request, "deployment:backups:create")
        self._exports.cancel(request.path_params["identifier"])
        return Response()

    async def download(self, request: Request) -> Response:
        """The archive, or what a fault makes of it."""
        self._deployment.keys.admit(request, "deployment:backups:download")
        path = self._exports.archive(request.path_params["started"])
        name = f'attachment; filename="snapshot_{self._deployment.name}_{request.path_params["started"]}.zip"'
        headers = {"Content-Disposition": name, "Cache-Control": "private, max-age=2592000"}
        match self._deployment.faults.word("download"):
            case "500":
                raise Refusal("InternalServerError", "Your request couldn't be completed. Try again later.", 500)
            case "truncate":
                return _streamed(_half(path), path, headers)
            case "corrupt":
                return _streamed(_corrupt(path), path, headers)
            case "slow":
                return _streamed(_slowly(path, self._deployment.faults.delay("download")), path, headers)
            case _:
                return FileResponse(path, media_type="application/zip", headers=headers)


def _streamed(content: AsyncIterator[bytes], path: Path, headers: dict[str, str]) -> Response:
    size = {"Content-Length": str(path.stat().st_size)}
    return StreamingResponse(content, media_type="application/zip", headers=headers | size)


async def _half(path: Path) -> AsyncIterator[bytes]:
    """The first half; that the rest never comes makes the server cut the connection."""
    content = await asyncio.to_thread(path.read_bytes)
    yield content[: len(content) // 2]
    await asyncio.sleep(0.05)  # so that the half arrives
    raise ConnectionAbortedError("a cut download was asked for")


async def _corrupt(path: Path) -> AsyncIterator[bytes]:
    """All of it, with one byte changed in the middle."""
    content = bytearray(await asyncio.to_thread(path.read_bytes))
    content[len(content) // 2] ^= 0xFF
    yield bytes(content)


async def _slowly(path: Path, seconds: float) -> AsyncIterator[bytes]:
    """All of it in twenty parts, spread over this time."""
    content = await asyncio.to_thread(path.read_bytes)
    part = max(1, len(content) // 20)
    for start in range(0, len(content), part):
        await asyncio.sleep(seconds / 20)
        yield content[start : start + part]
