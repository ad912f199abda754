"""The part of api.convex.dev that a deploy key needs: which deployment it opens, and whose that is.

The CLI asks here when CONVEX_PROVISION_HOST (and, before a deploy, CONVEX_VERSION_API_ORIGIN) says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.convex.refusals import Refusal, answer
from sandbox.convex.server import ConvexServer
from sandbox.serving import Serving


class ProvisionServer:
    """Knows deployments by their keys.

    Args:
        deployments: those that it knows; a deploy key ``prod:NAME|KEY`` must be, whole, one of a deployment's keys.
        team: the owners' name.
        project: the project's name.
        port: 0 takes a free one.
    """

    def __init__(self, deployments: Sequence[ConvexServer], team: str = "acme", project: str = "sturgeon", port: int = 0) -> None:
        self._deployments = deployments
        self._owner = {"team": team, "project": project, "teamId": 1, "projectId": 2}
        self.requests: list[str] = []
        routes = [
            Route("/api/deployment/url_for_key", self.url_for_key, methods=["POST"]),
            Route("/api/deployment/team_and_project_for_key", self.owner_of_key, methods=["POST"]),
            Route("/api/deployment/{name}/team_and_project", self.owner_of_name, methods=["GET"]),
            Route("/v1/version", self.version, methods=["GET"]),
        ]
        self._serving = Serving(Starlette(routes=routes, exception_handlers={Refusal: answer}), port)

    def start(self) -> Self:
        """Serve, and return when it answers."""
        self._serving.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._serving.stop()

    @property
    def url(self) -> str:
        """Where it is served: what CONVEX_PROVISION_HOST has to be."""
        return self._serving.url

    async def url_for_key(self, request: Request) -> Response:
        """Where the key's deployment is."""
        return JSONResponse((await self._find(request)).url)

    async def owner_of_key(self, request: Request) -> Response:
        """Whose the key's deployment is."""
        await self._find(request)
        return JSONResponse(self._about())

    async def owner_of_name(self, request: Request) -> Response:
        """Whose a deployment is, by its name."""
        if request.path_params["name"] not in {deployment.name for deployment in self._deployments}:
            raise Refusal("DeploymentNotFound", "There is no such deployment", 404)
        return JSONResponse(self._about())

    async def version(self, _: Request) -> Response:
        """Nothing new."""
        return JSONResponse({"message": None})

    async def _find(self, request: Request) -> ConvexServer:
        self.requests.append(request.url.path)
        key = orjson.loads(await request.body()).get("deployKey", "")
        for deployment in self._deployments:
            if deployment.knows(key):
                return deployment
        raise Refusal("BadDeployKey", "The provided deploy key was invalid", 401)

    def _about(self) -> dict[str, Any]:
        return {**self._owner, "reference": "production", "isDefault": True}
