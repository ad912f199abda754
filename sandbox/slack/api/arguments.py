"""The arguments of a Web API call, however they were sent: in the address, as a form, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from sandbox.slack.refusals import Refusal

_AS_JSON = {"blocks", "view", "metadata", "attachments", "files", "unfurls"}


class Arguments:
    """Typed access to what was sent."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: _parsed(name, value) for name, value in values.items()}

    def text(self, name: str, default: str = "") -> str:
        """A string; what is not there is the default."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def needed(self, name: str) -> str:
        """A string that must be there."""
        if not self.text(name):
            raise Refusal("invalid_arguments", [f"[ERROR] missing required field: {name} [json-pointer:/{name}]"])
        return self.text(name)

    def flag(self, name: str) -> bool:
        """Whether something is asked for."""
        return self.text(name).lower() in {"true", "1"}

    def number(self, name: str, default: int, most: int) -> int:
        """A count from one to the most there may be."""
        value = self.text(name, str(default))
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise Refusal("invalid_limit" if name == "limit" else "invalid_arguments")
        return int(value)


async def read(request: Request) -> dict[str, Any]:
    """Everything that came with a request, the token too."""
    body = await request.body()
    values: dict[str, Any] = dict(request.query_params)
    if not body.strip():
        return values
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**values, **_object(body)}
    return {**values, **dict(parse_qsl(body.decode(), keep_blank_values=True))}


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal("invalid_json") from None
    if not isinstance(found, dict):
        raise Refusal("json_not_object")
    return found


def _parsed(name: str, value: Any) -> Any:
    if name not in _AS_JSON or not isinstance(value, str):
        return value
    try:
        return orjson.loads(value) if value else None
    except orjson.JSONDecodeError:
        raise Refusal({"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}.get(name, "invalid_arguments")) from None
