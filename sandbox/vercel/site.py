"""The site: the live deployment's pages, behind the project's routes."""

from __future__ import annotations

import html
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.vercel.project import Deployment
from sandbox.vercel.routing import Routing, matching

_PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font:16px system-ui;margin:3rem auto;max-width:32rem;padding:0 1rem"><h1>{title}</h1><p>{text}</p></body>"""


class Site:
    """What visitors see.

    Args:
        live: the deployment that is served at this moment.
        routing: the rules before it.
        host: where it believes to be.
    """

    def __init__(self, live: Callable[[], Deployment | None], routing: Routing, host: Callable[[], str]) -> None:
        self._live, self._routing, self._host = live, routing, host
        self.has_page = True  # whether the app carries the maintenance page
        self.broken = False
        self.app = Starlette(routes=[Route("/{path:path}", self.show, methods=["GET", "POST"])])

    async def show(self, request: Request) -> Response:
        """One page."""
        path = request.url.path
        rule = matching(self._routing.live, path, self._host(), dict(request.headers), request.cookies)
        if rule is not None:
            headers = {str(key): str(value) for key, value in rule.get("headers", {}).items()}
            if rule.get("dest"):
                return RedirectResponse(rule["dest"], rule.get("status", 307), headers)
            return PlainTextResponse("", rule.get("status", 503), headers)
        if path == "/maintenance.html" and self.has_page:
            return HTMLResponse(
                _PAGE.format(title="Back in a moment", text="Harbour is being looked after."), headers={"retry-after": "120"}
            )
        if path.startswith("/api/webhooks/"):
            return PlainTextResponse("received")
        return self._page(path)

    def _page(self, path: str) -> Response:
        """The app's own page."""
        live = self._live()
        if live is None or self.broken:
            return PlainTextResponse("Internal Server Error", 500)
        if path not in {"/", "/bookings"}:
            return PlainTextResponse("Not found", 404)
        text = f"Version <code>{live.commit[:6]}</code>: {html.escape(live.message)}"
        return HTMLResponse(_PAGE.format(title="Harbour bookings", text=text), headers={"x-commit": live.commit})
