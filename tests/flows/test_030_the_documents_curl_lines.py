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
        assert submitted["status"] == "queued"
        assert {"request_id", "task_id", "status", "cost_estimate"} <= submitted.keys()
        made[number] = submitted["task_id"]
        await a_second_later()
    for number, task in made.items():
        await customer.finished(task)
        document = await typed(world, customer, commands(number)[1], task)
        assert (document["task_id"], document["status"]) == (task, "succeeded"), document
        assert document["cost_actual"] == document["cost_estimate"]
        assert (await world.simulator.get(document["output"]["videos"][0]["url"])).status_code == 200
        events = await typed(world, customer, commands(number)[2], task)
        kinds = [each["type"] for each in events["data"]]
        assert (kinds[0], kinds[-1]) == ("requested", "succeeded")
