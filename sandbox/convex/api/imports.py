"""Imports over HTTP: upload, confirm, cancel."""

from __future__ import annotations

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.convex.deployment import Deployment
from sandbox.convex.imports import Imports
from sandbox.convex.refusals import Refusal

_RIGHT = "deployment:backups:import"


class ImportDoor:
    """What the CLI calls to import."""

    def __init__(self, deployment: Deployment, imports: Imports) -> None:
        self._deployment, self._imports = deployment, imports

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/api/import/start_upload", self.start, methods=["POST"]),
            Route("/api/import/upload_part", self.add, methods=["POST"]),
            Route("/api/import/finish_upload", self.finish, methods=["POST"]),
            Route("/api/perform_import", self.perform, methods=["POST"]),
            Route("/api/cancel_import", self.cancel, methods=["POST"]),
        ]

    async def start(self, request: Request) -> Response:
        """Begin an upload."""
        self._deployment.keys.admit(request, _RIGHT)
        return JSONResponse({"uploadToken": self._imports.uploads.start()})

    async def add(self, request: Request) -> Response:
        """Take a part of it."""
        self._deployment.keys.admit(request, _RIGHT)
        asked = request.query_params
        if not asked.get("partNumber", "").isdigit():
            raise Refusal("InvalidPartNumber", "A part needs its number")
        return JSONResponse(self._imports.uploads.add(asked.get("uploadToken", ""), int(asked["partNumber"]), await request.body()))

    async def finish(self, request: Request) -> Response:
        """The upload is complete: begin to read it."""
        self._deployment.keys.admit(request, _RIGHT)
        asked = orjson.loads(await request.body())
        identifier = await run_in_threadpool(self._imports.add, asked["import"], asked["uploadToken"], asked["partTokens"])
        return JSONResponse({"importId": identifier})

    async def perform(self, request: Request) -> Response:
        """Somebody confirmed it."""
        self._deployment.keys.admit(request, _RIGHT)
        self._imports.confirm(orjson.loads(await request.body())["importId"])
        return Response()

    async def cancel(self, request: Request) -> Response:
        """End it."""
        self._deployment.keys.admit(request, _RIGHT)
        self._imports.cancel(orjson.loads(await request.body())["importId"])
        return Response()
