"""Which key may do what. A key without a list of actions may do everything."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from starlette.requests import Request

from sandbox.convex.refusals import Refusal

Permissions = Collection[str] | None


class Keys(dict[str, Permissions]):
    """The deployment's keys and the actions that each is limited to, such as ``deployment:backups:create``."""

    def __init__(self, deployment: str, keys: Collection[str] | Mapping[str, Permissions]) -> None:
        super().__init__(keys if isinstance(keys, Mapping) else dict.fromkeys(keys))
        self.deployment = deployment

    def admit(self, request: Request, action: str | None = None) -> None:
        """Let the request pass, or refuse it as Convex does."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        self.check(key if scheme.lower() == "convex" else None, action)

    def check(self, key: str | None, action: str | None = None) -> None:
        """Let this key pass, or refuse it."""
        if key is None or key not in self:
            raise self._unknown(key or "")
        allowed = self[key]
        if action is not None and allowed is not None and action not in allowed:
            raise not_permitted(action)

    def _unknown(self, key: str) -> Refusal:
        owner = key.partition("|")[0].partition(":")[2]
        if owner and owner != self.deployment:
            return Refusal("BadDeployKey", f"The provided deploy key was invalid for deployment '{self.deployment}'.", 403)
        return Refusal("BadAdminKey", "The provided admin key was invalid for this instance", 401)


def not_permitted(action: str) -> Refusal:
    """The refusal of an action that the key was not given."""
    return Refusal("Forbidden", f"You do not have permission to perform this operation ({action}).", 403)
