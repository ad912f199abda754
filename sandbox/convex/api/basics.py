"""What a deployment says of itself, its queries, and pausing it."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.convex.deployment import Deployment
from sandbox.convex.queries import Queries
from sandbox.convex.refusals import Refusal
from sandbox.convex.values import from_wire, to_wire

_FUNCTION_FAILED = 560  # Convex's own status for it


class BasicDoor:
    """Name, version, queries, pause."""

    def __init__(self, deployment: Deployment, queries: Queries) -> None:
        self._deployment, self._queries = deployment, queries

    def routes(self) -> list[Route]:
        """Its addresses."""
        functions = [Route(f"/api/{kind}", self.call, methods=["POST"]) for kind in ("query", "mutation", "action", "function")]
        return [
            *functions,
            Route("/version", self.version),
            Route("/instance_name", self.instance_name),
            Route("/api/v1/get_canonical_urls", self.canonical_urls),
            Route("/api/v1/pause_deployment", self.pause, methods=["POST"]),
            Route("/api/v1/unpause_deployment", self.unpause, methods=["POST"]),
        ]

    async def version(self, _: Request) -> Response:
        """Self-hosted deployments do not know theirs."""
        return PlainTextResponse("unknown")

    async def instance_name(self, _: Request) -> Response:
        """The deployment's name, or another one as a fault."""
        return PlainTextResponse(self._deployment.faults.get("name", self._deployment.name))

    async def canonical_urls(self, request: Request) -> Response:
        """Where clients and webhooks reach it."""
        self._deployment.keys.admit(request)
        return JSONResponse({"convexCloudUrl": self._deployment.url, "convexSiteUrl": self._deployment.url})

    async def call(self, request: Request) -> Response:
        """Run a query. The app's own functions cannot run here."""
        asked = orjson.loads(await request.body())
        self._deployment.keys.admit(request)
        try:
            value = self._answer(request, asked)
        except Refusal as refusal:
            if refusal.status != 400:
                raise
            return JSONResponse({"status": "error", "errorMessage": refusal.message, "logLines": []}, _FUNCTION_FAILED)
        return JSONResponse({"status": "success", "value": to_wire(value), "logLines": []})

    async def pause(self, request: Request) -> Response:
        """No function of the app runs until it is unpaused."""
        self._deployment.keys.admit(request, "deployment:pause")
        self._deployment.write("paused", True)
        return Response()

    async def unpause(self, request: Request) -> Response:
        """Go on."""
        self._deployment.keys.admit(request, "deployment:unpause")
        if not self._deployment.read("paused", False):
            raise Refusal("UnpauseDeploymentFailed", "Deployment is not currently paused.")
        self._deployment.write("paused", False)
        return Response()

    def _answer(self, request: Request, asked: dict[str, Any]) -> Any:
        if self._deployment.read("paused", False) and not asked["path"].startswith("_system/"):
            raise Refusal("DeploymentPaused", "Cannot run functions while this deployment is paused.")
        query = self._queries.find(asked["path"])
        self._deployment.keys.admit(request, query.action)
        given = asked.get("args") or {}
        arguments = given[0] if isinstance(given, list) else given
        return query.answer({**from_wire(arguments), "component": asked.get("componentPath") or ""})
