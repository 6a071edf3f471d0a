"""The accounts, keys and credits that a fresh stack begins with, made by the gateway's own command line."""

import asyncio
import json
import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx
from stack.errors import StackError
from stack.paths import Home
from stack.secrets_file import known_secret, secret

CREDITS = 10_000
TIER = "studio"
_ACCOUNTS: Mapping[str, Sequence[str]] = {"demo": (), "poor": (), "operator": ("--admin",)}
_KEY = re.compile(r"mv_(?:live|test)_\w+")


@dataclass(frozen=True, slots=True)
class Keys:
    """API keys: of the demo account, of one without credits, and of the operator."""

    api_key: str
    poor_api_key: str
    admin_key: str


async def seed(home: Home, environment: Mapping[str, str]) -> Keys:
    """Make what is missing; nothing is made twice. StackError carries what the gateway's command said."""
    commands = [words for name, flags in _ACCOUNTS.items() for words in _account(home, name, flags)]
    printed = await _gateway(environment, [*commands, _grant(home)])
    found = _KEY.findall(printed)
    if len(found) != len(_ACCOUNTS):
        raise StackError(f"gateway key create printed {len(found)} keys in place of {len(_ACCOUNTS)}")
    return Keys(*(_remember(home, name, key) for name, key in zip(_ACCOUNTS, found, strict=True)))


def seeded(home: Home) -> Keys | None:
    """Return the keys of a stack that was seeded to the end before, else None."""
    if known_secret(home, "seed.done") is None:
        return None
    demo, poor, operator = (known_secret(home, f"seed.{name}.key") for name in ("demo", "poor", "operator"))
    return Keys(demo, poor, operator) if demo and poor and operator else None


async def wait_for_credits(home: Home, gateway_url: str, api_key: str, within: float = 30.0) -> None:
    """Wait until the gateway shows the demo account its credits; StackError says what it showed instead."""
    first = known_secret(home, "seed.done") is None
    headers = {"Authorization": f"Bearer {api_key}"}
    answer = ""
    async with httpx.AsyncClient(base_url=gateway_url, headers=headers, trust_env=False) as client:
        for _ in range(int(within / 0.1)):
            response = await client.get("/api/v1/credits")
            answer = response.text
            if response.status_code == 200 and (not first or float(response.json()["available"]) >= CREDITS):
                secret(home, "seed.done", lambda: "yes")
                return
            await asyncio.sleep(0.1)
    raise StackError(
        f"the gateway doesn't show the demo account's {CREDITS} credits; it answers: {answer[:300]}"
    )


async def _gateway(environment: Mapping[str, str], commands: list[list[str]]) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stack.several", "gateway"),
        env=dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(json.dumps(commands).encode())
    if process.returncode:
        raise StackError(f"the gateway's command line failed: {err.decode().strip()[-800:]}")
    return out.decode()


def _account(home: Home, name: str, flags: Sequence[str]) -> list[list[str]]:
    account = _account_id(home, name)
    known = known_secret(home, f"seed.{name}.key")
    given = ("--secret", known) if known else ()
    return [
        ["account", "create", "--id", account, "--name", name, "--tier", TIER, *flags],
        ["key", "create", "--account", account, "--name", name, *given],
    ]


def _grant(home: Home) -> list[str]:
    account = _account_id(home, "demo")
    same_each_time = str(uuid.uuid5(uuid.UUID(account), "first credits"))
    amount = ["--credits", str(CREDITS), "--reason", "demo credits"]
    return ["grant", "--account", account, *amount, "--id", same_each_time]


def _remember(home: Home, name: str, key: str) -> str:
    return secret(home, f"seed.{name}.key", lambda: key)


def _account_id(home: Home, name: str) -> str:
    return secret(home, f"seed.{name}.account", lambda: str(uuid.uuid4()))
