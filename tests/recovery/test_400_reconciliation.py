"""What providers billed, by the simulator's own log, against the attempts: `dispatcher reconcile`.

Failed without the bare ids in `reconcile`: Gemini and fal give their jobs' ids with a path, and bill them
without, so four jobs were unknown.
"""

import asyncio
import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from catalog.catalog import Catalog
from flow_tools import World, until, veo
from stack.samples import smallest_input

MODELS = (
    "animatediff",
    "doubao-seedance-2-0-fast",
    "flux",
    "gpt-4o-mini-tts",
    "liveportrait",
    "luma-ray-2",
    "runway-gen4-5",
    "veo3-1-fast",
    "wan2-6-t2v",
)
"""One of each protocol that the stack has; OpenAI's is speech, whose answer comes at once."""
COUNTED = re.compile(r"│ (matched|borne|differing|unknown|missing) +│ (\d+) ")


async def log(world: World) -> dict[str, Any]:
    answer = await world.simulator.get("/_control/log")
    found: dict[str, Any] = answer.json()
    return found


async def reconciled(world: World, bills: dict[str, Any], folder: Path, *words: str) -> CompletedProcess[str]:
    """The command as an operator runs it on a provider's bills."""
    file = folder / "bills.json"
    file.write_text(json.dumps(bills))
    return await asyncio.to_thread(world.command, "dispatcher", "reconcile", str(file), *words, check=False)


def counted(done: CompletedProcess[str]) -> dict[str, int]:
    """How many jobs of each verdict, those of which there are any."""
    return {verdict: int(many) for verdict, many in COUNTED.findall(done.stdout) if int(many)}


async def test_every_job_that_providers_billed_is_an_attempt_of_ours(world: World, tmp_path: Path) -> None:
    customer, catalog = await world.customer("10000", tier="enterprise"), Catalog.load()
    bodies = [{"model": name, "input": smallest_input(catalog.models[name].schema)} for name in MODELS]
    bodies.append(veo("it does not succeed [sim:fail]"))
    made = await asyncio.gather(*map(customer.make, bodies))
    assert sorted(each["status"] for each in made) == ["failed"] + ["succeeded"] * len(MODELS)
    bills = await log(world)
    assert len(bills["jobs"]) == len(bodies) + 1  # what failed was tried at another provider
    done = await reconciled(world, bills, tmp_path)
    assert (done.returncode, counted(done)) == (0, {"matched": len(bodies) + 1}), done.stdout + done.stderr


async def test_a_job_that_nobody_knows_and_one_that_is_not_billed_are_named(
    world: World, tmp_path: Path
) -> None:
    """The answer to a submit is lost, and Gemini can't be asked what it took: the operator may pay."""
    customer = await world.customer("1000")
    known = await customer.make(veo("it is known"))
    await world.simulate(gemini={"drop_answer_next": 1})
    assert (await customer.submit(veo("its answer is lost"))).status_code == 202
    bills = await until(lambda: _billed(world, 2), "both jobs to be billed")
    done = await reconciled(world, bills, tmp_path)
    assert (done.returncode, counted(done)) == (1, {"matched": 1, "unknown": 1}), done.stdout + done.stderr
    [lost] = [each for each in bills["jobs"] if each["prompt"] == "its answer is lost"]
    assert lost["id"] in done.stdout
    done = await reconciled(world, {"jobs": [lost]}, tmp_path, "--since", known["created_at"])
    assert (done.returncode, counted(done)) == (1, {"unknown": 1, "missing": 1}), done.stdout + done.stderr
    assert f"{known['task_id']}/1" in done.stdout


async def _billed(world: World, jobs: int) -> dict[str, Any] | None:
    found = await log(world)
    return found if sum(each["billed"] for each in found["jobs"]) == jobs else None
