"""Environment variables over HTTP."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.convex import variables
from sandbox.convex.deployment import Deployment


class VariableDoor:
    """What the CLI calls to set and remove variables, and what others call to list them."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/api/update_environment_variables", self.update, methods=["POST"]),
            Route("/api/v1/update_environment_variables", self.update, methods=["POST"]),
            Route("/api/v1/list_environment_variables", self.list, methods=["GET"]),
        ]

    async def update(self, request: Request) -> Response:
        """Set some, remove some."""
        self._deployment.keys.admit(request, "deployment:env:write")
        variables.change(self._deployment, orjson.loads(await request.body())["changes"])
        return Response()

    async def list(self, request: Request) -> Response:
        """All of them with their values."""
        self._deployment.keys.admit(request, "deployment:env:view")
        return JSONResponse({"environmentVariables": self._deployment.variables})
