"""Every `curl` of the product documents as it is written: only host, key and task id are replaced."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from flow_tools import Customer, World, until

DOCUMENTS = ("001", "002", "004")
"""By the numbers of the documents; each of them submits a task, then asks for it and for its events."""
HOST, KEY, TASK = "https://api.mindvideo.ai", "mv_live_xxx", "task_demo_model"
OUTCOMES = {"001": ("failed", "input_unreachable"), "002": ("succeeded", None), "004": ("succeeded", None)}
"""The first one's picture is an example address that has none."""


def commands(number: str) -> list[str]:
    """A document's commands."""
    written = (Path(__file__).parent / "seeds_curl" / f"{number}.txt").read_text()
    return [each.strip() for each in written.split("\n\n")]


async def typed(world: World, customer: Customer, command: str, task: str = "") -> Any:
    """What a command prints, as JSON."""
    replaced = command.replace(HOST, world.facts["gateway_url"]).replace(KEY, customer.key)
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euc", replaced.replace(TASK, task)],
        env=os.environ | {"no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def a_second_later() -> None:
    """The keys of the documents' requests are made of the clock's seconds."""
    now = int(time.time())
    await until(lambda: int(time.time()) > now, "the next second")


async def test_the_curl_lines_of_the_documents_do_what_stands_beside_them(world: World) -> None:
    customer, made = await world.customer("1000"), {}
    for number in DOCUMENTS:
        submitted = await typed(world, customer, commands(number)[0])
        assert {"request_id", "task_id", "status", "cost_estimate"} <= submitted.keys()
        assert submitted["status"] == "queued"
        made[number] = submitted["task_id"]
        await a_second_later()
    for number, task in made.items():
        await customer.finished(task)
        document = await typed(world, customer, commands(number)[1], task)
        status, code = OUTCOMES[number]
        assert (document["task_id"], document["status"]) == (task, status), document
        assert (document["error"] or {}).get("code") == code
        assert document["cost_actual"] == (document["cost_estimate"] if code is None else 0)
        events = await typed(world, customer, commands(number)[2], task)
        assert [each["type"] for each in events["data"]][:: len(events["data"]) - 1] == ["requested", status]
