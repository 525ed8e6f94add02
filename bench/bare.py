"""The floor of the click rows: Bolt with one listener that acknowledges and does nothing, over Socket Mode, or over HTTP where there is no
token for that."""

from __future__ import annotations

import asyncio
import os
import re
import signal

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    """Listen until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ.get("SLACK_SIGNING_SECRET"))

    @app.action(re.compile(".*"))
    async def listener(ack: AsyncAck) -> None:
        await ack()

    if token := os.environ["SLACK_APP_TOKEN"]:
        handler = AsyncSocketModeHandler(app, token)
        await handler.connect_async()
        await stop.wait()
        await handler.close_async()
        return
    runner = web.AppRunner(app.web_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
