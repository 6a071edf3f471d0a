"""Live histories: complete, in order, resumable, and cheap for those who wait."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from contracts.ids import task_from_text
from gateway.db import task_events
from gateway.domain.facts import Balance, Closed, Completed, Fact, Frozen, Progressed, Stored
from gateway.inbound.http.v1.tasks import last_event_id, wants_stream
from gateway.usecases.follow_tasks import FollowTasks
from gateway_tools import SEEDANCE_MICRO, Customer, World, now, seedance, until

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
async def served(world: World) -> AsyncIterator[str]:
    """The gateway on a real socket: an ASGI transport would gather a stream until its end."""
    server = uvicorn.Server(uvicorn.Config(world.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    world.follow.drain()
    server.should_exit = True
    await serving


async def new_task(customer: Customer) -> tuple[str, UUID]:
    text = (await customer.submit(seedance())).json()["task_id"]
    task = task_from_text(text)
    assert task is not None
    return text, task


def story(customer: Customer, task: UUID) -> list[Fact]:
    balance = Balance(customer.id, "credit", 1, 1, 5)
    return [
        Frozen(task, now(), balance),
        Progressed(task, now(), 1, "ark", "processing", 30),
        Completed(task, now(), "succeeded", None, None),
        Stored(task, customer.id, now(), "stored", (), None, None),
        Closed(task, customer.id, "credit", now(), "settled", "completed", SEEDANCE_MICRO, balance),
    ]


TYPES = ["requested", "frozen", "processing", "completed", "stored", "settled", "succeeded"]


class Reader:
    """A client of a stream."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.ids: list[int] = []
        self.comments = 0
        self.status = 0
        self.ended = False

    async def read(self, url: str, task: str, key: str, after: int | None = None) -> None:
        headers = STREAM | {"Authorization": f"Bearer {key}"}
        headers |= {} if after is None else {"Last-Event-ID": str(after)}
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as api,
            api.stream("GET", f"/api/v1/tasks/{task}/events", headers=headers) as stream,
        ):
            self.status = stream.status_code
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    self.events.append(json.loads(line[6:]))
                elif line.startswith("id: "):
                    self.ids.append(int(line[4:]))
                elif line.startswith(":"):
                    self.comments += 1
        self.ended = True

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


async def test_a_stream_shows_each_event_as_it_happens_and_ends_with_the_final_one(
    world: World, served: str
) -> None:
    customer = await world.customer("100")
    text, task = await new_task(customer)
    reader = Reader()
    reading = asyncio.create_task(reader.read(served, text, customer.key))
    await until(lambda: reader.types() == ["requested"])
    for count, fact in enumerate(story(customer, task)[:4], 2):
        await world.say([fact])
        await until(lambda count=count: len(reader.events) == count)
    await until(lambda: reader.comments > 0)  # a heartbeat while nothing happens
    assert not reader.ended
    await world.say(story(customer, task)[4:])
    await asyncio.wait_for(reading, 30)
    assert reader.types() == TYPES
    assert reader.ids == [event["seq"] for event in reader.events] == list(range(1, 8))
    assert reader.events[-1]["data"] == {"cost_actual": 0.0657}


async def test_a_reader_goes_on_where_it_left(world: World, served: str) -> None:
    customer = await world.customer("100")
    text, task = await new_task(customer)
    await world.say(story(customer, task))
    for after in range(7):
        reader = Reader()
        await asyncio.wait_for(reader.read(served, text, customer.key, after), 30)
        assert reader.types() == TYPES[after:]
    gone = Reader()
    await asyncio.wait_for(gone.read(served, text, customer.key, 7), 30)
    assert (gone.status, gone.events) == (204, [])


async def test_many_readers_of_one_task_all_see_everything(world: World, served: str) -> None:
    customer = await world.customer("100")
    text, task = await new_task(customer)
    readers = [Reader() for _ in range(30)]
    reading = [asyncio.create_task(each.read(served, text, customer.key)) for each in readers]
    await until(lambda: world.follow.streams == 30)
    await world.say(story(customer, task))
    await asyncio.wait_for(asyncio.gather(*reading), 30)
    assert all(reader.types() == TYPES for reader in readers)
    await until(lambda: world.follow.streams == 0)


async def test_a_newcomer_does_not_make_others_see_events_twice(world: World) -> None:
    customer = await world.customer("100")
    _, task = await new_task(customer)
    with world.follow.subscribe(task, 0) as early:
        assert [event.seq for event in await early.next(30) or []] == [1]
        with world.follow.subscribe(task, 0) as late:
            assert [event.seq for event in await late.next(30) or []] == [1]
        assert await early.next(0.05) == []


async def test_a_lost_announcement_is_covered_by_the_poll(
    world: World, served: str, monkeypatch: Any
) -> None:
    async def silent(*_: Any) -> None:
        return

    monkeypatch.setattr(task_events, "notify", silent)
    customer = await world.customer("100")
    text, task = await new_task(customer)
    reader = Reader()
    reading = asyncio.create_task(reader.read(served, text, customer.key))
    await until(lambda: reader.types() == ["requested"])
    await world.say(story(customer, task))
    await asyncio.wait_for(reading, 30)
    assert reader.types() == TYPES


async def test_a_listener_whose_connection_died_listens_again(world: World) -> None:
    await world.follow.stop()
    follow = FollowTasks(world.db, 60)  # no help from its poll
    await follow.start()
    first = await until(lambda: listener(world))
    await world.db.pool.execute("SELECT pg_terminate_backend($1)", first)

    async def another() -> bool:
        return await listener(world) not in (None, first)

    await until(another)
    customer = await world.customer("100")
    _, task = await new_task(customer)
    with follow.subscribe(task, 0) as subscription:
        seen = [event.type for event in await subscription.next(30) or []]
        assert seen == ["requested"]
        await world.say(story(customer, task))
        while seen[-1] != "succeeded":
            news = await subscription.next(30)
            assert news
            seen += [event.type for event in news]
    await follow.stop()
    assert seen == TYPES


async def listener(world: World) -> int | None:
    """The backend that listens, by what it did last."""
    pid: int | None = await world.db.pool.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name LIKE '%-listen' AND query ILIKE 'listen%'"
    )
    return pid


async def test_draining_ends_the_streams_so_that_readers_come_back_elsewhere(
    world: World, served: str
) -> None:
    customer = await world.customer("100")
    text, _ = await new_task(customer)
    reader = Reader()
    reading = asyncio.create_task(reader.read(served, text, customer.key))
    await until(lambda: reader.types() == ["requested"])
    world.follow.drain()
    await asyncio.wait_for(reading, 30)
    assert reader.types() == ["requested"]


async def test_too_many_streams_are_refused(make_world: Any) -> None:
    world = await make_world(max_streams=1)
    customer = await world.customer("100")
    text, task = await new_task(customer)
    with world.follow.subscribe(task, 0):
        answer = await customer.api.get(f"/api/v1/tasks/{text}/events", headers=STREAM)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "overloaded")


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, False),
        ("*/*", False),
        ("application/json", False),
        ("text/event-stream", True),
        ("Text/Event-Stream;q=0.9, application/json", True),
        ("application/json, text/event-stream;q=0", False),
    ],
)
def test_a_stream_must_be_asked_for_by_name(accept: str | None, wanted: bool) -> None:
    assert wants_stream(accept) is wanted


@pytest.mark.parametrize(
    ("header", "seq"),
    [(None, 0), ("", 0), ("7", 7), (" 7 ", 7), ("x", 0), ("-1", 0), ("9" * 30, 0), ("٣", 0)],
)
def test_a_strange_last_event_id_begins_at_the_beginning(header: str | None, seq: int) -> None:
    assert last_event_id(header) == seq
