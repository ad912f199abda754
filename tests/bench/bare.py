"""A Bolt app with the same client that only acknowledges: what the acknowledgements are held against."""

from __future__ import annotations

import asyncio
import os
import re

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    """Acknowledge until killed."""
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, process_before_response=True)

    @app.command(re.compile(""))
    async def _acknowledge(ack: object) -> None:
        await ack()  # type: ignore[operator]  # Bolt hands it over by name

    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()  # type: ignore[no-untyped-call]  # Bolt ships it without types


if __name__ == "__main__":
    asyncio.run(main())
