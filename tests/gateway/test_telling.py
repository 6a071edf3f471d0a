"""What accounts are told by webhook: said once, when it becomes true, and its fate noted afterwards."""

from typing import Any
from uuid import UUID

from contracts.events import AccountNotice, TaskFinished, WebhookDelivered
from contracts.ids import task_from_text, task_text, uuid7
from gateway.domain.facts import Asset, Balance, Changed, Closed, Delivered, Fact, Frozen, Stored
from gateway.inbound.events import TRANSLATORS
from gateway_tools import SEEDANCE_MICRO, Customer, World, now, seedance

Q = SEEDANCE_MICRO


async def said(world: World, topic: str) -> list[dict[str, Any]]:
    rows = await world.db.pool.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", topic)
    return [row["value"] for row in rows]


async def submitted(customer: Customer, **wishes: Any) -> UUID:
    answer = await customer.submit(seedance() | wishes)
    task = task_from_text(answer.json()["task_id"])
    assert task is not None
    return task


def story(customer: Customer, task: UUID) -> list[Fact]:
    video = Asset(0, "video", None, "b", "k", f"t{task.hex}", "0.mp4", "video/mp4", 9, "00", 2, 2, 100)
    held = Balance(customer.id, "credit", 100_000_000 - Q, Q, 2)
    charged = Balance(customer.id, "credit", 100_000_000 - Q, 0, 3)
    return [
        Frozen(task, now(), held),
        Stored(task, customer.id, now(), "stored", (video,), None, None),
        Closed(task, customer.id, "credit", now(), "settled", "completed", Q, charged),
    ]


async def test_a_final_task_is_said_once_with_its_public_document(world: World) -> None:
    customer = await world.customer("100")
    task = await submitted(customer, webhook_url="https://shop.example.com/hook?order=7")
    facts = story(customer, task)
    await world.say(facts[:2])
    assert await said(world, "task.finished") == []
    await world.say(facts)
    await world.say(facts)
    [value] = await said(world, "task.finished")
    event = TaskFinished.model_validate(value)
    assert (event.type, event.task_id, event.account_id) == ("task.succeeded", task, customer.id)
    assert event.webhook_url == "https://shop.example.com/hook?order=7"
    assert event.document == await customer.task(task_text(task))


async def test_a_refused_task_and_a_cancelled_one_are_told_by_their_types(world: World) -> None:
    customer = await world.customer("100")
    types = []
    for reason in ("insufficient_credits", "cancelled"):
        task = await submitted(customer)
        await world.say([Closed(task, customer.id, "credit", now(), "refused", reason, 0, None)])
        types.append((await said(world, "task.finished"))[-1]["type"])
    assert types == ["task.failed", "task.cancelled"]


async def test_few_credits_are_said_once_per_crossing(world: World) -> None:
    customer = await world.customer("100")
    await world.db.pool.execute("UPDATE accounts SET credits_low_micro = 50000000 WHERE id = $1", customer.id)
    amounts = (60, 49, 10, 50, 49.5, 49.5, 80)
    for version, amount in enumerate(amounts, 2):
        balance = Balance(customer.id, "credit", int(amount * 1_000_000), 0, version)
        await world.say([Changed(uuid7(), now(), balance)])
    notices = [AccountNotice.model_validate(value) for value in await said(world, "account.notice")]
    assert [notice.data["available"] for notice in notices] == [49, 49.5]
    assert {notice.data["threshold"] for notice in notices} == {50}
    assert {notice.account_id for notice in notices} == {customer.id}


async def test_who_set_no_threshold_is_told_nothing(world: World) -> None:
    customer = await world.customer("1")
    await world.say([Changed(uuid7(), now(), Balance(customer.id, "credit", 0, 0, 2))])
    assert await said(world, "account.notice") == []


async def test_the_fate_of_a_webhook_is_noted_once_after_the_final_event(world: World) -> None:
    customer, stranger = await world.customer("100"), await world.customer()
    task = await submitted(customer)
    await world.say(story(customer, task))
    first = Delivered(uuid7(), 1, task, customer.id, now(), None, "delivered", None, 2, 204)
    again = Delivered(first.delivery_id, 2, task, customer.id, now(), None, "given_up", "expired", 19, None)
    foreign = Delivered(uuid7(), 1, task, stranger.id, now(), None, "delivered", None, 1, 200)
    await world.say([first, first, again, foreign])
    await world.say([again, first])
    events = (await customer.api.get(f"/api/v1/tasks/{task_text(task)}/events")).json()["data"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events[-3:]] == ["succeeded", "webhook_delivered", "webhook_given_up"]
    assert events[-2]["data"]["attempts"] == 2
    assert events[-1]["data"]["reason"] == "expired"


async def test_a_stream_that_saw_the_end_is_over_although_webhooks_follow(world: World) -> None:
    customer = await world.customer("100")
    task = await submitted(customer)
    await world.say(story(customer, task))
    url = f"/api/v1/tasks/{task_text(task)}/events"
    last = (await customer.api.get(url)).json()["data"][-1]["seq"]
    await world.say([Delivered(uuid7(), 1, task, customer.id, now(), None, "delivered", None, 1, 200)])
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
    assert (await customer.api.get(url, headers=headers)).status_code == 204


def test_a_webhook_about_no_task_is_in_no_history() -> None:
    event = WebhookDelivered(
        delivery_id=uuid7(),
        round=1,
        event_id=uuid7(),
        event_type="credits.low",
        account_id=uuid7(),
        task_id=None,
        endpoint_id=uuid7(),
        outcome="delivered",
        attempts=1,
        status=200,
        at=now(),
    )
    translate: Any = TRANSLATORS["webhook.delivered"]
    assert translate(event, None) is None
    fact = translate(event.model_copy(update={"task_id": uuid7()}), None)
    assert (fact.outcome, fact.attempts, fact.endpoint_id) == ("delivered", 1, event.endpoint_id)
