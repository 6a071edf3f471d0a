"""The accounts, keys and credits that a fresh stack begins with, made by the gateway's own command line."""

import asyncio
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from stack.errors import StackError
from stack.paths import Home
from stack.secrets_file import known_secret, secret

CREDITS = 10_000
TIER = "studio"
_KEY = re.compile(r"mv_(?:live|test)_\w+")


@dataclass(frozen=True, slots=True)
class Keys:
    """API keys: of the demo account, of one without credits, and of the operator."""

    api_key: str
    poor_api_key: str
    admin_key: str


async def seed(home: Home, environment: Mapping[str, str]) -> Keys:
    """Make what is missing; nothing is made twice. StackError carries what the gateway's command said."""
    gateway = GatewayCommand(environment)
    demo, poor, operator = await asyncio.gather(
        _account(home, gateway, "demo"),
        _account(home, gateway, "poor"),
        _account(home, gateway, "operator", "--admin"),
    )
    account = _account_id(home, "demo")
    grant = str(uuid.uuid5(uuid.UUID(account), "first credits"))
    await gateway.run(
        "grant", "--account", account, "--credits", str(CREDITS), "--reason", "demo credits", "--id", grant
    )
    return Keys(demo, poor, operator)


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


class GatewayCommand:
    """`python -m gateway …` with the environment of the gateway's process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    async def run(self, *words: str) -> str:
        """Return what the command printed; StackError if it failed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *words),
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode:
            raise StackError(f"gateway {words[0]} failed: {err.decode().strip()[-800:]}")
        return out.decode()


async def _account(home: Home, gateway: GatewayCommand, name: str, *flags: str) -> str:
    account = _account_id(home, name)
    await gateway.run("account", "create", "--id", account, "--name", name, "--tier", TIER)
    known = known_secret(home, f"seed.{name}.key")
    given = ("--secret", known) if known else ()
    printed = await gateway.run("key", "create", "--account", account, "--name", name, *flags, *given)
    found = _KEY.search(printed)
    if found is None:
        raise StackError(f"gateway key create printed no key but: {printed[:200]}")
    return secret(home, f"seed.{name}.key", found.group)


def _account_id(home: Home, name: str) -> str:
    return secret(home, f"seed.{name}.account", lambda: str(uuid.uuid4()))
