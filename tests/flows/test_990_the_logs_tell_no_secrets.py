"""The logs of the whole run: in none of them a secret or a prompt, and an event is a line.

The last of the journeys, so that it reads what all of them left behind. Seen failing with a prompt, and with
half an event, put into a log by hand.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from flow_tools import World, got, seedance
from stack import processes

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")
SECRET_NAMES = re.compile(r"SECRET|TOKEN|PEPPER|PASSWORD|SIGNING|API_KEY|CREDENTIAL|PROVIDERS|DSN")
API_KEY = re.compile(r"mv_(?:live|test)_[0-9A-Za-z]{38}|whsec_[0-9A-Za-z+/=]{16,}")
PROMPT = "a kite named Wilhelmina over the dunes"
WRONG_KEY = "mv_live_" + "q" * 38


def log_files(world: World) -> dict[str, Path]:
    found = {file.name: file for file in world.home.logs.iterdir() if file.is_file()}
    assert any(name.startswith("gateway") for name in found), sorted(found)
    return found


def secrets_of(world: World) -> dict[str, str]:
    """Every secret that the processes were given, by where it stands."""
    found: dict[str, str] = {}
    for record in filter(None, (processes.find(world.home, name) for name in (*SERVICES, "simulator"))):
        for name, value in record.spec.environment.items():
            if SECRET_NAMES.search(name):
                found |= {f"{record.spec.name} {name}": each for each in parts_of(value)}
    return {where: secret for where, secret in found.items() if len(secret) >= 8}


def parts_of(value: str) -> Iterator[str]:
    """The secrets in a setting: a URL's password, what JSON calls a key or a token, or all of it."""
    if value.startswith(("{", "[")):
        yield from in_json(json.loads(value))
    elif "://" in value:
        yield unquote(urlsplit(value).password or "")
    else:
        yield from value.split(",")


def in_json(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from in_json(member, str(key))
    elif isinstance(value, list):
        for member in value:
            yield from in_json(member, name)
    elif isinstance(value, str) and re.search(r"key|token|secret|password", name, re.IGNORECASE):
        yield value


@pytest.fixture
async def told(world: World) -> dict[str, str]:
    """The logs by file, after everything that could talk has had something to talk about."""
    customer = await world.customer("1000")
    hook = {"webhook_url": world.facts["gateway_url"] + "/api/v1/models"}
    for wish in ({}, {"webhook_url": "https://127.0.0.1/"}):
        await customer.submit(seedance(PROMPT, seed=1) | wish)
        await customer.submit(seedance(PROMPT) | wish | hook)
    done = await customer.make(seedance(PROMPT, resolution="480p"))
    assert done["status"] in ("succeeded", "failed")
    strange = {"User-Agent": "a\x1b[31m b", "X-Request-Id": "' --", "Idempotency-Key": "k" * 300}
    await customer.api.post("/api/v1/tasks", content=b"{" + PROMPT.encode(), headers=strange)
    await world.client(WRONG_KEY).get("/api/v1/credits")
    made = got(await customer.api.post("/api/v1/keys", json={"name": '{"event": "forged"}'}), 201)
    await world.client(made["key"]).get("/api/v1/credits")
    forged = world.facts["callbacks_url"] + "/api/v1/video/callback/ark?token=" + "t" * 43
    assert (await world.simulator.post(forged)).status_code == 401
    return {name: file.read_text("utf-8", "replace") for name, file in log_files(world).items()}


async def test_no_secret_key_or_prompt_is_in_any_log_and_an_event_is_a_line(
    world: World, told: dict[str, str]
) -> None:
    secrets = secrets_of(world) | {
        "a wrong key": WRONG_KEY,
        "a prompt": PROMPT,
        "a webhook's token": "t" * 43,
    }
    assert len(secrets) >= 10, sorted(secrets)
    found = [
        (where, name) for where, secret in secrets.items() for name, text in told.items() if secret in text
    ]
    assert found == []
    assert {name: API_KEY.findall(text) for name, text in told.items() if API_KEY.search(text)} == {}
    for name, text in told.items():
        if name.partition(".")[0].partition("-")[0] in SERVICES:
            whole = text.split("\n")[:-1]  # behind the last end of a line one may be half written
            events = [json.loads(line) for line in whole if line.startswith("{")]
            assert events, name
            assert not [each for each in events if each.get("event") == "forged"], name
