"""Uploads: an address is asked for, the bytes go there, the upload is completed into a channel."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.slack import ids
from sandbox.slack.api.arguments import Arguments
from sandbox.slack.people import BOT
from sandbox.slack.refusals import Refusal
from sandbox.slack.workspace import Workspace

Answer = dict[str, Any]
_MOST = 1_000_000_000  # bytes


@dataclass
class Upload:
    """A file on its way, or there."""

    id: str
    name: str
    length: int
    alt: str = ""
    content: bytes | None = None


class Files:
    """The methods, and the two addresses for bytes."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._by_token: dict[str, Upload] = {}
        self.uploads: dict[str, Upload] = {}
        self.methods = {
            "files.getUploadURLExternal": self.address,
            "files.completeUploadExternal": self.complete,
        }

    def address(self, arguments: Arguments) -> Answer:
        """Where the bytes may be sent."""
        token = secrets.token_urlsafe(18)
        upload = Upload(ids.new("F0"), arguments.needed("filename"), arguments.number("length", 0, _MOST), arguments.text("alt_txt"))
        self._by_token[token] = self.uploads[upload.id] = upload
        return {"upload_url": f"{self._workspace.url}/upload/{token}", "file_id": upload.id}

    def complete(self, arguments: Arguments) -> Answer:
        """Show uploaded files in a channel; without one they stay with the bot."""
        files = [self._completed(each) for each in arguments.values.get("files") or ()]
        if not files:
            raise Refusal("invalid_arguments")
        if channel := arguments.text("channel_id"):
            found = self._workspace.channel(channel)
            if BOT not in found.members:
                raise Refusal("not_in_channel")
            message = {"text": arguments.text("initial_comment"), "files": files, "thread_ts": arguments.text("thread_ts")}
            self._workspace.post(found.id, message)
        return {"files": files}

    async def receive(self, request: Request) -> Response:
        """``POST /upload/{token}``."""
        upload = self._by_token.pop(request.path_params["token"], None)
        if upload is None:
            return PlainTextResponse("expired", 404)
        upload.content = await request.body()
        if len(upload.content) != upload.length:
            return PlainTextResponse(f"expected {upload.length} bytes", 400)
        return PlainTextResponse(f"OK - {upload.length}")

    async def show(self, request: Request) -> Response:
        """``GET /files/{file}``: what was uploaded."""
        upload = self.uploads.get(request.path_params["file"])
        if upload is None or upload.content is None:
            return PlainTextResponse("not found", 404)
        return Response(upload.content, media_type=_type(upload.name))

    def _completed(self, given: dict[str, Any]) -> Answer:
        upload = self.uploads.get(str(given.get("id")))
        if upload is None or upload.content is None:
            raise Refusal("file_not_found")
        return {
            "id": upload.id,
            "name": upload.name,
            "title": given.get("title") or upload.name,
            "size": upload.length,
            "mimetype": _type(upload.name),
            "alt_txt": upload.alt,
            "user": BOT,
            "url_private": f"{self._workspace.url}/files/{upload.id}",
        }


def _type(name: str) -> str:
    """What a file is, by its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
