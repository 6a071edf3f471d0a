"""`framebus listen` as it is typed: a process that follows the public API and posts to a local URL."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from gateway_tools import until
from standardwebhooks import Webhook
from starlette.types import ASGIApp
from webhook_setting import Setting

FRAMEBUS = Path(sys.executable).with_name("framebus")


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def start(url: str, key: str, *words: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "FRAMEBUS_URL": url, "FRAMEBUS_API_KEY": key, "COLUMNS": "200"}
    pipe = asyncio.subprocess.PIPE
    command = [str(FRAMEBUS), "listen", *words]
    return await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)


async def listeners(setting: Setting) -> int:
    query = "SELECT count(*) FROM endpoints WHERE url IS NULL"
    return int(await setting.callbacks_db.pool.fetchval(query))


async def test_events_are_posted_to_a_local_url_signed_with_the_printed_secret(setting: Setting) -> None:
    async with serving(setting.world.app) as url:
        target = setting.receiver.url("/local").removeprefix("http://")
        process = await start(url, setting.ann.key, "--forward-to", target, "--events", "task.succeeded")
        assert process.stdout is not None
        assert b"Listening" in await asyncio.wait_for(process.stdout.readline(), 60)
        secret = (await process.stdout.readline()).decode().strip()
        message = await setting.say(setting.ann)
        await setting.say(setting.ann, type="task.failed")
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        assert "task.succeeded" in line
        assert "204" in line
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert await listeners(setting) == 0, "it says goodbye"
    [came] = setting.receiver.came
    assert Webhook(secret).verify(came.body, came.headers)["data"] == message.data


async def test_a_key_that_is_refused_ends_it_with_the_apis_own_words(setting: Setting) -> None:
    async with serving(setting.world.app) as url:
        process = await start(url, "mv_live_nonsense", "--forward-to", "localhost:9")
        _, complaint = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"invalid_api_key" in complaint
