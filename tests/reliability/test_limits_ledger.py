"""However much waits, the ledger takes a bounded share of it at once, and answers in bounded pieces."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.ids import uuid7
from ledger.inbound.http.books import MOST
from ledger.settings import Settings
from ledger.usecases import sweep_expired as sweeping
from ledger.usecases.apply_facts import ApplyFacts
from ledger.usecases.keep_checking import KeepChecking
from pydantic import ValidationError
from runtime.outbox.recorder import Outbox
from runtime_fixtures import TOPIC, grant, has, keep, until

from tests.ledger.conftest import Ledger, Say
from tests.ledger.test_internal import asking

SETTINGS = {"database_dsn": "postgresql://none/none", "kafka_bootstrap": "none:1", "environment": "dev"}


async def test_limits_a_reader_takes_so_many_records_in_one_transaction(db, make_bus, say) -> None:
    """Without `max_records` a reader that was away takes all that waits at once, up to what Kafka sends."""
    sizes: Counter[int] = Counter()
    waiting = [grant() for _ in range(300)]

    async def noted(tx: Any, facts: list[Any]) -> None:
        sizes[len(facts)] += 1
        await keep(tx, facts)

    bus = await make_bus(db, noted, start=False, max_records=40, translators={TOPIC: lambda e, _: e})
    await say(waiting)
    await bus.start()
    await until(lambda: has(db, waiting), "all of them")
    assert max(sizes) <= 40
    assert sum(size * many for size, many in sizes.items()) == 300


def test_limits_the_size_of_a_batch_is_a_setting_with_a_most() -> None:
    assert Settings(**SETTINGS).consumer_max_records == 500
    with pytest.raises(ValidationError, match="consumer_max_records"):
        Settings(**SETTINGS, consumer_max_records=5001)


async def test_limits_a_sweep_gives_back_so_many_holds_in_one_transaction(
    open_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the LIMIT of `expiry.candidates` a hundred holds are one transaction, a million too."""
    monkeypatch.setattr(sweeping, "_AT_ONCE", 20)
    ledger = Ledger(await open_db("ledger"), margin=-timedelta(hours=1, seconds=2))
    say, account, tasks = Say(), uuid7(), [uuid7() for _ in range(50)]
    await ledger.tell(say.grant(account, 500), *(say.request(account, task, 10) for task in tasks))
    sizes: list[int] = []

    class Noting(ApplyFacts):
        async def __call__(self, tx: Any, facts: Any) -> None:
            sizes.append(len(facts))
            await super().__call__(tx, facts)

    noting = Noting(Outbox("ledger"), hold_margin=ledger.margin)
    assert await sweeping.sweep_expired(ledger.db, noting) == 50
    assert sizes == [20, 20, 10]
    assert (await ledger.balance(account))[:2] == (500, 0)


async def test_limits_an_answer_has_so_many_rows(open_db: Any) -> None:
    ledger = Ledger(await open_db("ledger"))
    async with asking(ledger) as client:
        for path in (f"/accounts/{UUID(int=1)}/transfers", "/holds"):
            assert (await client.get(path, params={"limit": MOST})).status_code == 200
            assert (await client.get(path, params={"limit": MOST + 1})).status_code == 422


async def test_limits_a_hundred_who_ask_for_a_check_get_the_same_one() -> None:
    """A check reads every row; without the one that runs (`KeepChecking`) each would begin its own."""
    begun, done = 0, asyncio.Event()

    async def check() -> list[Any]:
        nonlocal begun
        begun += 1
        await done.wait()
        return []

    checks = KeepChecking(check)
    asked = [asyncio.create_task(checks.begin(10)) for _ in range(100)]
    await asyncio.sleep(0)
    done.set()
    await asyncio.gather(*asked)
    assert begun == 1
