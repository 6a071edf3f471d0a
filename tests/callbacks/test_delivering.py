"""Customers' webhooks over real sockets, verified with the official Standard Webhooks library."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from callbacks.app import SERVICE
from callbacks.db import endpoints
from callbacks.domain.delivery import Answer
from callbacks.domain.news import event_text
from callbacks.usecases.deliver_messages import WORK
from callbacks.usecases.deliver_webhook import DeliverWebhook
from callbacks.usecases.lanes import Lanes
from delivery_tools import DOCUMENT, Sender, until
from receiver import Plan, Receiver
from runtime.db import Database
from runtime.outbox.recorder import Outbox
from runtime.work import table as work
from standardwebhooks import WebhookVerificationError


async def test_an_endpoint_gets_the_document_and_the_official_library_verifies_it(
    sender: Sender, receiver: Receiver
) -> None:
    endpoint = await sender.endpoint(receiver.url())
    message = await sender.say()
    async with sender.working():
        await sender.ended(message, endpoint)
    [came] = receiver.came
    body = sender.verifier(endpoint).verify(came.body, came.headers)
    assert body["type"] == "task.succeeded"
    assert body["data"] == DOCUMENT
    assert datetime.fromisoformat(body["timestamp"]) == message.at.replace(
        microsecond=message.at.microsecond // 1000 * 1000
    )
    assert came.headers["webhook-id"] == event_text(message.id)
    assert "." not in came.headers["webhook-id"]
    assert came.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        sender.verifier(endpoint, generation=2).verify(came.body, came.headers)


async def test_a_task_is_sent_where_it_asked_signed_with_the_accounts_own_secret(
    sender: Sender, receiver: Receiver
) -> None:
    message = await sender.say(webhook_url=receiver.url("/task?order=77"))
    async with sender.working():
        row = await sender.ended(message)
    [came] = receiver.at("/task?order=77")
    assert sender.verifier(sender.account).verify(came.body, came.headers)["data"] == DOCUMENT
    assert (row["state"], row["attempts"], row["last_status"]) == ("delivered", 1, 204)
    [said] = await sender.said()
    assert (said["outcome"], said["task_id"], said["endpoint_id"]) == (
        "delivered",
        str(message.task_id),
        None,
    )


async def test_every_endpoint_that_wants_an_event_gets_it_once_and_no_other(
    sender: Sender, receiver: Receiver
) -> None:
    everything = await sender.endpoint(receiver.url("/all"))
    failures = await sender.endpoint(receiver.url("/failures"), "task.failed", "task.cancelled")
    await sender.endpoint(receiver.url("/strangers"), account=uuid4())
    won, lost = await sender.say(), await sender.say(type="task.failed")
    await sender.tell(won, lost)  # Kafka says it again
    async with sender.working():
        for message in (won, lost):
            await sender.ended(message, everything)
        await sender.ended(lost, failures)
    ids = {path: {c.headers["webhook-id"] for c in receiver.at(path)} for path in ("/all", "/failures")}
    assert ids == {"/all": {event_text(won.id), event_text(lost.id)}, "/failures": {event_text(lost.id)}}
    assert receiver.at("/strangers") == []
    assert len(receiver.came) == 3


async def test_an_endpoint_is_not_told_what_happened_before_it_was_made(
    sender: Sender, receiver: Receiver, db: Database
) -> None:
    await sender.endpoint(receiver.url())
    await sender.say(at=datetime.now(UTC) - timedelta(hours=1))
    assert await db.pool.fetchval("SELECT count(*) FROM messages") == 0, "nobody waits for it"


async def test_a_failed_attempt_is_repeated_under_the_same_id_with_its_own_timestamp(
    sender: Sender, receiver: Receiver
) -> None:
    receiver.plan(
        "/hook", Plan(500, body=b"out of \x00 order" + b"x" * 9000), Plan(302), Plan(200, body=b"ok")
    )
    endpoint = await sender.endpoint(receiver.url())
    message = await sender.say()
    async with sender.working():
        row = await sender.ended(message, endpoint)
    assert len({c.headers["webhook-id"] for c in receiver.came}) == 1
    for came in receiver.came:
        sender.verifier(endpoint).verify(came.body, came.headers)
    attempts = await sender.attempts(row["id"])
    assert [(a["number"], a["status"], a["error"]) for a in attempts] == [
        (1, 500, None),
        (2, 302, None),
        (3, 200, None),
    ]
    assert attempts[0]["response"].startswith("out of \N{REPLACEMENT CHARACTER} order")
    assert len(attempts[0]["response"]) == 1000
    assert row["state"] == "delivered"
    failing = "SELECT failing_since FROM endpoints WHERE id = $1"
    assert await sender.db.pool.fetchval(failing, endpoint) is None, "a success forgets the failures"
    [said] = await sender.said()
    assert (said["outcome"], said["attempts"], said["status"]) == ("delivered", 3, 200)


async def test_two_secrets_are_valid_while_one_is_rotated_out(sender: Sender, receiver: Receiver) -> None:
    endpoint = await sender.endpoint(receiver.url())
    for overlap, valid in ((3600.0, {1, 2}), (0.0, {3})):
        async with sender.db.transaction() as tx:
            await endpoints.rotate(tx, endpoint, overlap)
        message = await sender.say()
        async with sender.working():
            await sender.ended(message, endpoint)
        came = receiver.came[-1]
        assert {g for g in (1, 2, 3) if _verifies(sender, endpoint, g, came.body, came.headers)} == valid


def _verifies(sender: Sender, endpoint: UUID, generation: int, body: bytes, headers: dict[str, str]) -> bool:
    try:
        sender.verifier(endpoint, generation).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


async def test_410_disables_the_endpoint_and_its_owner_is_told_elsewhere(
    sender: Sender, receiver: Receiver
) -> None:
    receiver.plan("/gone", Plan(410))
    gone = await sender.endpoint(receiver.url("/gone"))
    await sender.endpoint(receiver.url("/other"), "endpoint.disabled")
    message = await sender.say()
    async with sender.working():
        row = await sender.ended(message, gone)
        await until(lambda: receiver.at("/other"))
        later = await sender.say()
        assert await sender.db.pool.fetchval("SELECT count(*) FROM messages WHERE id = $1", later.id) == 0
    assert (row["state"], row["reason"], row["attempts"]) == ("given_up", "gone", 1)
    told = json.loads(receiver.at("/other")[0].body)
    assert told["type"] == "endpoint.disabled"
    assert told["data"]["url"] == receiver.url("/gone")
    assert (told["data"]["reason"], told["data"]["last_status"]) == ("gone", 410)
    assert len(receiver.at("/gone")) == 1


async def test_an_endpoint_that_fails_for_long_is_disabled_and_what_waits_for_it_is_given_up(
    sender: Sender, receiver: Receiver, db: Database
) -> None:
    receiver.plan("/down", Plan(500))
    down = await sender.endpoint(receiver.url("/down"))
    await db.pool.execute("UPDATE endpoints SET failing_since = now() - interval '121 hours'")
    message = await sender.say()
    async with sender.working():
        row = await sender.ended(message, down)
    assert row["reason"] == "endpoint_disabled"
    reason = await db.pool.fetchval("SELECT disabled_reason FROM endpoints WHERE id = $1", down)
    assert reason == "failing"


async def test_after_three_days_a_delivery_is_given_up(
    sender: Sender, receiver: Receiver, db: Database
) -> None:
    receiver.plan("/hook", Plan(503))
    message = await sender.say(webhook_url=receiver.url())
    await db.pool.execute("UPDATE deliveries SET round_began_at = now() - interval '72 hours'")
    async with sender.working():
        row = await sender.ended(message)
    assert (row["state"], row["reason"], row["attempts"]) == ("given_up", "expired", 1)
    [said] = await sender.said()
    assert (said["outcome"], said["reason"], said["status"]) == ("given_up", "expired", 503)


async def test_addresses_inside_are_never_called(sender: Sender, receiver: Receiver) -> None:
    async def code(url: str) -> str:
        message = await sender.say(webhook_url=url)
        made = await until(lambda: sender.attempts_of(message))
        return str(made[0]["error"])

    async with sender.working(delivery_delays=(60.0,)):
        assert await code(receiver.url(host="localhost")) == "url_refused"
        assert await code("https://localhost/") == "address_refused"
        assert await code("https://169.254.169.254/latest/meta-data") == "address_refused"
        assert await code("https://[::ffff:127.0.0.1]/") == "address_refused"
        assert await code("https://user:pw@example.com/") == "url_refused"
    assert receiver.came == []


async def test_one_slow_endpoint_does_not_delay_others(sender: Sender, receiver: Receiver) -> None:
    hold = asyncio.Event()
    receiver.plan("/slow", Plan(hold=hold))
    slow = await sender.endpoint(receiver.url("/slow"), "task.failed")
    quick = await sender.endpoint(receiver.url("/quick"), "task.succeeded")
    waiting = [await sender.say(type="task.failed") for _ in range(12)]
    async with sender.working(delivery_concurrency=4, endpoint_concurrency=2):
        await until(lambda: len(receiver.at("/slow")) == 2)
        for _ in range(5):
            await sender.ended(await sender.say(), quick)
        assert len(receiver.at("/slow")) == 2, "and it gets no more than its share at once"
        hold.set()
        for message in waiting:
            await sender.ended(message, slow)
    assert len(receiver.at("/slow")) == 12


async def test_who_waits_for_an_endpoint_that_fails_asks_less_and_less_often(
    sender: Sender, receiver: Receiver
) -> None:
    endpoint = await sender.endpoint(receiver.url("/hangs"))
    schedule, nobody = sender.settings.schedule(), UUID(int=0)

    async def no_post(*_: Any) -> Answer:
        raise AssertionError("there is no room")

    busy = DeliverWebhook(
        sender.db, Outbox(SERVICE), no_post, lanes=Lanes(0), schedule=schedule, signing_key=b"k"
    )

    async def waits(tries: int) -> float:
        sql = "UPDATE work SET tries = $1, due_at = now()"
        await sender.db.pool.execute(sql, tries)
        async with sender.db.transaction() as tx:
            [claim] = await work.claim(tx, WORK, limit=1, lease_seconds=60, after=nobody)
        await busy(claim)
        found: float = await sender.db.pool.fetchval(
            "SELECT extract(epoch FROM due_at - now())::float8 FROM work"
        )
        return found

    await sender.say()
    assert await waits(20) < 2
    await sender.db.pool.execute("UPDATE endpoints SET failing_since = now() - interval '1 minute'")
    assert await waits(0) < 2
    assert await waits(20) > 10
    attempts = "SELECT attempts FROM deliveries WHERE endpoint_id = $1"
    assert await sender.db.pool.fetchval(attempts, endpoint) == 0


async def test_what_a_dying_worker_had_in_hand_is_delivered_by_another(
    sender: Sender, receiver: Receiver, db: Database
) -> None:
    hold = asyncio.Event()
    receiver.plan("/hook", Plan(hold=hold), Plan())
    endpoint = await sender.endpoint(receiver.url())
    message = await sender.say()
    async with sender.working() as first:
        await until(lambda: receiver.came)
        for task in first._busy:  # as if its process were killed: nothing is written any more
            task.cancel()
        await db.pool.execute("UPDATE work SET due_at = now()")  # its lease ends
        async with sender.working():
            row = await sender.ended(message, endpoint)
    assert row["state"] == "delivered"
    assert len(receiver.came) == 2
    assert len({came.headers["webhook-id"] for came in receiver.came}) == 1
