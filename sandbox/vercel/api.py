"""The REST API, as far as a deploy, a rollback and maintenance need it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.vercel.project import Deployment, Project, address
from sandbox.vercel.routing import Routing


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def refused(_: Request, error: Exception) -> Response:
    """As Vercel spells an error."""
    if not isinstance(error, Refusal):
        raise error
    return JSONResponse({"error": {"code": error.code, "message": error.message}}, error.status)


class Api:
    """Its handlers, for one project."""

    def __init__(self, project: Project, routing: Routing, *, id: str, name: str, token: str, team: str, host: str) -> None:  # noqa: A002, PLR0913 # what a project is known by
        self.project, self.routing = project, routing
        self.id, self.name, self._token, self._team, self.host = id, name, token, team, host

    def routes(self) -> list[Route]:
        """Its addresses."""
        project = "/v1/projects/{id}"
        return [
            Route("/v9/projects/{id}", self._guarded(self.show)),
            Route("/v7/deployments", self._guarded(self.listed)),
            Route("/v13/deployments/{uid}", self._guarded(self.one)),
            Route("/v12/deployments/{uid}/cancel", self._guarded(self.cancel), methods=["PATCH"]),
            Route("/v10/projects/{id}/promote/{uid}", self._guarded(self.promote), methods=["POST"]),
            Route(f"{project}/rollback/{{uid}}", self._guarded(self.rollback), methods=["POST"]),
            Route(f"{project}/routes", self._guarded(self.rules), methods=["GET", "POST", "DELETE"]),
            Route(f"{project}/routes/versions", self._guarded(self.versions), methods=["GET", "POST"]),
            Route("/v9/projects/{id}/domains", self._guarded(self.domains)),
        ]

    def _guarded(self, handle: Any) -> Any:
        """A handler behind the token, the team and the project's name."""

        async def guarded(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {self._token}":
                raise Refusal(403, "forbidden", "Not authorized")
            team = request.query_params.get("teamId") or request.query_params.get("slug")
            if self._team and team != self._team:
                raise Refusal(403, "forbidden", "Not authorized: the team is another")
            if request.path_params.get("id", self.id) not in {self.id, self.name}:
                raise Refusal(404, "not_found", "Project not found")
            self.project.settle()
            answer: Response = await handle(request)
            return answer

        return guarded

    # -- project and deployments --

    async def show(self, request: Request) -> Response:
        """The project."""
        project, now = self.project, self.project.settle()
        live = project.find(project.live) if project.live else None
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "autoAssignCustomDomains": project.auto,
            "targets": {"production": self._spelled(live, now)} if live else {},
        }
        if request.query_params.get("rollbackInfo") and project.job:
            job = project.job
            shown["lastAliasRequest"] = {
                "fromDeploymentId": job.origin,
                "toDeploymentId": job.goal,
                "jobStatus": job.status(now),
                "requestedAt": int(job.at * 1000),
                "type": job.kind,
            }
        return JSONResponse(shown)

    async def domains(self, _: Request) -> Response:
        """Where it is served."""
        return JSONResponse({"domains": [{"name": self.host, "verified": True}]})

    async def listed(self, request: Request) -> Response:
        """Deployments, newest first."""
        asked, now = request.query_params, self.project.settle()
        sha = asked.get("sha") or asked.get("meta-githubCommitSha")
        states = set(asked["state"].split(",")) if asked.get("state") else None
        found = [
            each
            for each in self.project.deployments
            if (not sha or each.commit == sha)
            and (not asked.get("target") or each.target == asked["target"])
            and (not asked.get("branch") or each.branch == asked["branch"])
            and (states is None or each.state(now) in states)
        ]
        shown = found[: int(asked.get("limit", 20))]
        page = {"count": len(shown), "next": None, "prev": None}
        return JSONResponse({"deployments": [self._spelled(each, now) for each in shown], "pagination": page})

    async def one(self, request: Request) -> Response:
        """One deployment."""
        return JSONResponse(self._spelled(self._found(request), self.project.settle()))

    async def cancel(self, request: Request) -> Response:
        """Give a build up."""
        found = self._found(request)
        if found.state(self.project.settle()) in {"READY", "ERROR"}:
            raise Refusal(400, "bad_request", "The deployment is not building")
        found.canceled = True
        self.project.save()
        return JSONResponse(self._spelled(found, self.project.settle()))

    async def promote(self, request: Request) -> Response:
        """Serve it, and go on with new ones by themselves."""
        found = self._ready(request)
        if self.project.live == found.uid and self.project.auto:
            raise Refusal(409, "conflict", "Deployment is already the current production deployment")
        self.project.start("promote", found)
        return Response(status_code=201)

    async def rollback(self, request: Request) -> Response:
        """Serve a former one, and let new ones wait."""
        found = self._ready(request)
        if self.project.faults.get("rollback") == "plan" or (self.project.hobby and found.uid != self.project.previous):
            raise Refusal(402, "payment_required", "Rolling back to this deployment needs the Pro plan")
        if self.project.live == found.uid:
            raise Refusal(409, "conflict", "Deployment is already the current production deployment")
        if not found.served:
            raise Refusal(422, "unprocessable", "Deployment was never production")
        self.project.start("rollback", found)
        return Response(status_code=201)

    def _found(self, request: Request) -> Deployment:
        """The deployment that was named."""
        found = self.project.find(request.path_params["uid"])
        if found is None:
            raise Refusal(404, "not_found", "Deployment not found")
        return found

    def _ready(self, request: Request) -> Deployment:
        """The deployment that was named, if it can be served."""
        found = self._found(request)
        if found.state(self.project.settle()) != "READY":
            raise Refusal(400, "bad_request", "Deployment is not ready")
        return found

    def _spelled(self, each: Deployment, now: float) -> dict[str, Any]:
        """A deployment as the API gives it."""
        state, live = each.state(now), self.project.live == each.uid
        meta = {"githubCommitSha": each.commit, "githubCommitRef": each.branch, "githubCommitMessage": each.message}
        substate = ("PROMOTED" if each.served else "STAGED") if state == "READY" else None
        return {
            "uid": each.uid,
            "id": each.uid,
            "name": self.name,
            "projectId": self.id,
            "url": address(each),
            "created": int(each.created * 1000),
            "createdAt": int(each.created * 1000),
            "state": state,
            "readyState": state,
            "readySubstate": substate,
            "target": each.target,
            "source": "git",
            "meta": meta,
            "aliasAssigned": live or None,
            "isRollbackCandidate": each.served and not live,
            "inspectorUrl": f"https://vercel.com/acme/{self.name}/{each.uid}",
            "errorCode": "BUILD_FAILED" if state == "ERROR" else None,
            "errorMessage": each.failure if state == "ERROR" else None,
        }

    # -- routes --

    async def rules(self, request: Request) -> Response:
        """The project's routes, and edits of them, which make a draft."""
        if request.method == "GET":
            named = next((each for each in self.routing.versions if each["id"] == request.query_params.get("versionId")), None)
            shown = named["routes"] if named else self.routing.shown
            return JSONResponse({"routes": shown, "version": _version(self.routing.staging), "limit": {"maxRoutes": 2048}})
        asked, routes = await request.json(), self.routing.shown
        if request.method == "DELETE":
            gone = set(asked["routeIds"])
            left = [each for each in routes if each["id"] not in gone]
            draft = self.routing.edit(left, "token")
            return JSONResponse({"deletedCount": len(routes) - len(left), "version": _version(draft)})
        made = {**asked["route"], "id": f"rt_{len(routes)}_{abs(hash(str(asked))) % 10**8}"}
        at_start = asked.get("position", {}).get("placement") == "start"
        draft = self.routing.edit([made, *routes] if at_start else [*routes, made], "token")
        return JSONResponse({"route": made, "version": _version(draft)})

    async def versions(self, request: Request) -> Response:
        """The versions, and what becomes of one."""
        if request.method == "GET":
            return JSONResponse({"versions": [_version(each) for each in self.routing.versions]})
        asked = await request.json()
        if self.project.faults.get("routes") == "conflict":
            raise Refusal(409, "conflict", "The routes were changed meanwhile")
        found = self.routing.act(asked["id"], asked["action"])
        if found is None:
            raise Refusal(404, "not_found", "Version not found")
        return JSONResponse({"version": _version(found)})


def _version(each: dict[str, Any] | None) -> dict[str, Any] | None:
    """A version as the API gives it."""
    if each is None:
        return None
    return {
        "id": each["id"],
        "s3Key": f"routes/{each['id']}",
        "lastModified": int(each["at"] * 1000),
        "createdBy": each["by"],
        "isStaging": each["staging"],
        "isLive": each["live"],
        "ruleCount": len(each["routes"]),
    }
