"""`framebus submit | status | cancel | models | credits` as they are typed, against a gateway on a socket."""

import asyncio
import json
import os
import sys
from pathlib import Path

from contracts.ids import uuid7
from gateway_tools import World
from operator_setting import OperatorSetting
from test_listen import serving

FRAMEBUS = Path(sys.executable).with_name("framebus")


async def typed(url: str, key: str, *words: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error."""
    environment = {**os.environ, "FRAMEBUS_URL": url, "FRAMEBUS_API_KEY": key, "COLUMNS": "200"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        str(FRAMEBUS), *words, env=environment, stdout=pipe, stderr=pipe
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_terminal_is_enough_to_submit_look_and_stop(operating: OperatorSetting) -> None:
    world = operating.world
    ann, bob = await world.customer("100"), await world.customer()
    await operating.grant(ann.id, 100_000_000)
    async with serving(world.app) as url:
        words = ["submit", "doubao-seedance-2-0-fast", "-p", "a hill", "duration=5", "resolution=480p"]
        once = ["-m", "order=7", "--idempotency-key", str(uuid7())]
        status, out, err = await typed(url, ann.key, *words, *once)
        assert (status, err) == (0, "")
        task = out.strip()
        document = await ann.task(task)
        assert (document["metadata"], document["status"]) == ({"order": "7"}, "queued")
        assert (await typed(url, ann.key, *words, *once))[1].strip() == task
        status, out, _ = await typed(url, ann.key, "status", task)
        assert (status, "queued" in out, "0.0306" in out) == (0, True, True)
        status, out, _ = await typed(url, ann.key, "cancel", task, "--json")
        assert json.loads(out)["cancel_requested"] is True
        status, out, err = await typed(url, bob.key, "status", task)
        assert (status, out, "task_not_found" in err) == (1, "", True)
        status, _, err = await typed(url, bob.key, *words)
        assert (status, "insufficient_credits" in err) == (1, True)
        status, out, _ = await typed(url, ann.key, "credits", "--history", "1")
        assert (status, "grant" in out) == (0, True)
        status, out, _ = await typed(url, ann.key, "models")
        assert (status, "doubao-seedance-2-0-fast" in out) == (0, True)
        status, out, _ = await typed(url, ann.key, "models", "doubao-seedance-2-0-fast")
        assert (status, "required" in out) == (0, True)


async def test_what_goes_wrong_is_said_in_a_line_and_an_exit_code(shared_world: World) -> None:
    status, out, err = await typed("http://127.0.0.1:1", "x", "credits")
    assert (status, out, "can't be reached" in err, "Traceback" in err) == (3, "", True, False)
    async with serving(shared_world.app) as url:
        status, _, err = await typed(url, "mv_live_wrong", "credits")
        assert (status, "invalid_api_key" in err) == (1, True)
        assert (await typed(url, "x", "submit", "m", "novalue"))[0] == 2


async def test_an_operator_finds_an_account_gives_it_credits_and_proves_the_books(
    operating: OperatorSetting,
) -> None:
    world, operator = operating.world, await operating.world.customer(role="admin")
    async with serving(world.app) as url:

        async def admin(*words: str) -> tuple[int, str, str]:
            return await typed(url, operator.key, "admin", *words)

        made = json.loads((await admin("create-account", "Ann Example", "--tier", "pro"))[1])
        assert made["tier"] == "pro"
        status, out, _ = await admin("accounts", "--search", "Ann Example")
        assert (status, made["id"] in out) == (0, True)
        granted = json.loads((await admin("grant", made["id"], "12.5", "--reason", "welcome"))[1])
        assert (granted["credits"], granted["reason"]) == (12.5, "welcome")
        secret = json.loads((await admin("create-key", made["id"], "an app"))[1])["key"]
        status, out, _ = await typed(url, secret, "usage", "--by", "model")
        assert (status, "tasks" in out) == (0, True)
        changed = json.loads((await admin("change-account", made["id"], "--status", "disabled"))[1])
        assert changed["status"] == "disabled"
        status, out, _ = await admin("audit", "--account", made["id"])
        assert (status, "account.changed" in out) == (0, True)
        status, out, _ = await admin("check", "--json")
        assert status == 0, out
        status, _, err = await admin("account", "acct_nonsense")
        assert (status, "account_not_found" in err) == (1, True)
    async with serving(world.app) as url:
        status, _, err = await typed(url, (await world.customer()).key, "admin", "accounts")
        assert (status, "admin_required" in err) == (1, True)
