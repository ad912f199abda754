"""How long acknowledgements take, measured where the envelopes are sent: no thread is changed on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.slack.sockets import Envelope, Sockets

Payload = Mapping[str, Any]


async def measure(sockets: Sockets, payloads: Sequence[Payload], concurrency: int) -> list[float]:
    """Milliseconds to each acknowledgement, in the order of the payloads.

    Raises:
        RuntimeError: one was not acknowledged; a measurement with holes is none.
    """
    results = [0.0] * len(payloads)
    left = iter(enumerate(payloads))
    await asyncio.gather(*(_one_after_another(sockets, left, results) for _ in range(concurrency)))
    return results


async def _one_after_another(sockets: Sockets, left: Iterator[tuple[int, Payload]], results: list[float]) -> None:
    for place, payload in left:
        delivery = await sockets.deliver(Envelope(type=_type(payload), payload=payload))
        if delivery.error:
            raise RuntimeError(f"not acknowledged: {delivery.error}")
        results[place] = delivery.milliseconds


def _type(payload: Payload) -> str:
    if "command" in payload:
        return "slash_commands"
    return "events_api" if payload.get("type") == "event_callback" else "interactive"
