"""The command line: accounts, keys and grants, made once however often they are asked for."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import Result
from contracts.events import CreditsGranted
from contracts.ids import uuid7
from gateway.__main__ import cli
from gateway.domain import keys as key_format
from gateway.usecases.grant_credits import GrantRefused, micro
from gateway_tools import PEPPER, World
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(world: World) -> Run:
    """`await run("account", "list")`, in a thread of its own: a command has its own event loop."""
    environment = {
        "GATEWAY_ENVIRONMENT": "dev",
        "GATEWAY_DATABASE_DSN": world.db.dsn,
        "GATEWAY_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "GATEWAY_S3_ENDPOINT": "http://127.0.0.1:1",
        "GATEWAY_S3_BUCKET": "none",
        "GATEWAY_S3_ACCESS_KEY": "x",
        "GATEWAY_S3_SECRET_KEY": "x",
        "GATEWAY_KEY_PEPPER": PEPPER,
        "GATEWAY_PROVIDERS": '{"ark": {"simulated": true}, "gemini": "real"}',
    }

    async def command(*words: Any) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, cli, [str(word) for word in words], env=environment
        )

    return command


async def test_an_account_is_made_once(world: World, run: Run) -> None:
    account = uuid7()
    words = ("account", "create", "--id", account, "--name", "Ada", "--tier", "Studio")
    first, again = await run(*words), await run(*words)
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert [json.loads(each.output)["created"] for each in (first, again)] == [True, False]
    other = await run("account", "create", "--id", account, "--name", "Bob", "--tier", "studio")
    assert (other.exit_code, "exists" in other.output) == (1, True)
    unknown = await run("account", "create", "--name", "Eve", "--tier", "royal")
    assert (unknown.exit_code, "no tier" in unknown.output) == (1, True)
    listed = await run("account", "list")
    assert listed.exit_code == 0, repr(listed.exception)
    assert [json.loads(line)["name"] for line in listed.output.splitlines()] == ["Ada"]
    shown = json.loads((await run("account", "show", account)).output)
    assert (
        json.loads((await run("account", "retention", account, "--days", 30)).output)["retention_days"] == 30
    )
    kept = json.loads((await run("account", "show", account)).output)
    assert (shown["retention_days"], kept["retention_days"]) == (None, 30)
    assert (await run("account", "retention", uuid7())).exit_code == 1
    assert (shown["tier"], shown["credit"]) == ("studio", {"available": 0, "held": 0, "pending": 0})
    assert (await run("account", "show", uuid7())).exit_code == 1
    assert await world.db.pool.fetchval("SELECT count(*) FROM balances") == 2


async def test_a_key_is_printed_once_and_kept_as_a_hash(world: World, run: Run) -> None:
    customer = await world.customer()
    made = json.loads((await run("key", "create", "--account", customer.id, "--name", "ci", "--test")).output)
    assert made["key"].startswith("mv_test_")
    api = world.client(made["key"])
    assert (await api.get("/api/v1/credits")).status_code == 200
    rows = await world.db.pool.fetch("SELECT * FROM api_keys")
    assert made["key"] not in repr([dict(row) for row in rows])
    listed = (await run("key", "list", "--account", customer.id)).output
    assert made["key"] not in listed
    assert len(listed.splitlines()) == 2
    assert (await run("key", "disable", made["id"])).exit_code == 0
    assert (await run("key", "disable", uuid7())).exit_code == 1


async def test_a_given_secret_is_taken_again_and_never_for_something_else(world: World, run: Run) -> None:
    customer, other = await world.customer(), await world.customer()
    secret = (await run("key", "generate")).output.strip()
    words = ("key", "create", "--account", customer.id, "--name", "demo", "--secret", secret)
    ids = [json.loads((await run(*words)).output)["id"] for _ in range(2)]
    assert ids[0] == ids[1]
    assert (await world.client(secret).get("/api/v1/credits")).status_code == 200
    theirs = await run("key", "create", "--account", other.id, "--name", "demo", "--secret", secret)
    assert (theirs.exit_code, "another key" in theirs.output) == (1, True)
    crossed = await run(*words, "--test")
    assert (crossed.exit_code, "malformed" in crossed.output) == (1, True)
    mistyped = await run(
        "key", "create", "--account", customer.id, "--name", "x", "--secret", secret[:-1] + "~"
    )
    assert mistyped.exit_code == 1
    nobody = await run("key", "create", "--account", uuid7(), "--name", "x")
    assert (nobody.exit_code, "no account" in nobody.output) == (1, True)


async def test_a_grant_is_said_once(world: World, run: Run) -> None:
    customer = await world.customer()
    grant = uuid7()
    words = ("grant", "--account", customer.id, "--credits", "12.5", "--reason", "thanks", "--id", grant)
    first, again = await run(*words), await run(*words)
    assert [json.loads(each.output)["created"] for each in (first, again)] == [True, False], first.output
    rows = await world.db.pool.fetch("SELECT topic, key, event_id, value FROM outbox")
    assert len(rows) == 1
    assert rows[0]["event_id"] == f"gateway:{grant}:granted:1"
    event = CreditsGranted.model_validate(rows[0]["value"])
    assert (event.amount_micro, event.kind, event.asset) == (12_500_000, "topup", "credit")
    other = await run(*words[:4], "13", *words[5:])
    assert (other.exit_code, "another content" in other.output) == (1, True)
    for wrong in ("0", "nan", "1e99", "0.0000001", "many"):
        refused = await run("grant", "--account", customer.id, "--credits", wrong, "--reason", "x")
        assert refused.exit_code == 1, wrong
    nobody = await run("grant", "--account", uuid7(), "--credits", "1", "--reason", "x")
    assert (nobody.exit_code, "no account" in nobody.output) == (1, True)
    assert await world.db.pool.fetchval("SELECT count(*) FROM grants") == 1


def test_amounts_are_exact() -> None:
    assert micro("10000") == 10_000_000_000
    assert micro("-0.000001") == -1
    with pytest.raises(GrantRefused):
        micro("0.0000001")


@given(asset=st.sampled_from(["credit", "test"]))
def test_a_generated_key_knows_its_asset(asset: str) -> None:
    key = key_format.generate(asset)
    assert key_format.asset_of(key) == asset
    assert len(key) == 8 + 32 + 6
    assert key[12:-4] not in key_format.shown(key)


@given(data=st.data())
def test_a_mistyped_key_is_noticed_without_a_look_up(data: st.DataObject) -> None:
    key = key_format.generate("credit")
    place = data.draw(st.integers(8, len(key) - 1))
    letter = data.draw(st.sampled_from(key_format.ALPHABET).filter(lambda each: each != key[place]))
    assert key_format.asset_of(key[:place] + letter + key[place + 1 :]) is None
    assert key_format.asset_of(key[:-1]) is None
    assert key_format.asset_of(key.replace("live", "test")) is None
