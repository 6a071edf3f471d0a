"""9: a handler takes longer than the broker waits for a poll, and its partitions go to another.

Nothing slow is done in a handler here: that is the work table's. One that hangs all the same holds the row of
its offsets, so the database ends its transaction, and the other reader goes on.
"""

import asyncio

from runtime import db as runtime_db
from runtime.bus.consumer import Bus
from runtime.db import Database
from runtime_fixtures import effects, grant, has, keep, until


async def test_fm09_a_batch_that_takes_longer_than_the_brokers_patience_takes_effect_once(
    db, dsn, make_bus, say, monkeypatch
) -> None:
    """Seen to fail without a timeout of idle transactions: the rows of the offsets stayed locked, so the
    other reader never had partitions. Without the compare in `offsets.advance` it passes: Postgres has
    ended the transaction that was too slow.
    """
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def too_slow(tx, facts) -> None:
        await keep(tx, facts)
        begun.set()
        await go_on.wait()

    monkeypatch.setattr(runtime_db, "IDLE_IN_TRANSACTION_MS", 1500)
    its_own = Database(dsn, name="slow", pool_size=2)
    await its_own.start()
    slow: Bus = await make_bus(its_own, too_slow, start=False)
    slow._subscriber._connection_args["max_poll_interval_ms"] = 500
    await slow.start()
    await until(lambda: slow.unready() is None, "partitions assigned")
    message = grant()
    await say([message])
    await asyncio.wait_for(begun.wait(), 20)
    await make_bus(db, keep, at_end=False)
    await until(lambda: has(db, [message]), "the effect at the other reader")
    go_on.set()
    later = grant(account=message.event.account_id)
    await say([later])
    await until(lambda: has(db, [later]), "the effect of what came behind it")
    assert len(await effects(db)) == 2
    await slow.stop()
    await its_own.stop()
