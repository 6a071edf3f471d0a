"""Lists of tasks: pages that neither skip nor repeat, filters, several by id."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.ids import task_from_text, task_text, uuid7
from gateway.db import task_lists
from gateway.domain import cursors
from gateway.domain.facts import Balance, Closed
from gateway_tools import Customer, World, now, seedance
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RANDOM = "task_01ARZ3NDEKTSV4RRFFQ69G5FAV"


async def make(customer: Customer, count: int, **fields: Any) -> list[str]:
    """Tasks in the order of their ids."""
    made = []
    for _ in range(count):
        answer = await customer.submit(seedance() | fields)
        assert answer.status_code == 202, answer.text
        made.append(answer.json()["task_id"])
    return made


async def get(customer: Customer, **params: Any) -> dict[str, Any]:
    answer = await customer.api.get("/api/v1/tasks", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(page: dict[str, Any]) -> list[str]:
    return [task["task_id"] for task in page["data"]]


async def test_a_list_is_of_documents_newest_first(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    made = await make(customer, 3)
    page = await get(customer)
    assert ids(page) == made[::-1]
    assert (page["object"], page["has_more"], page["next_cursor"]) == ("list", False, None)
    assert page["data"][0] == await customer.task(made[-1])


@given(
    inserts=st.lists(st.integers(0, 2), min_size=4, max_size=8),
    limit=st.integers(1, 4),
    count=st.integers(0, 7),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_who_follows_the_cursor_sees_each_task_of_the_beginning_once_whatever_is_added(
    shared_world: World, inserts: Sequence[int], limit: int, count: int
) -> None:
    customer = await shared_world.customer("10000")
    made = await make(customer, count)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for added in [*inserts, *[0] * count]:
        page = await get(customer, limit=limit, **cursor)
        assert len(page["data"]) <= limit
        seen += ids(page)
        if not page["has_more"]:
            break
        await make(customer, added)
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made[::-1]


async def test_filters(shared_world: World) -> None:
    customer = await shared_world.customer("10000")
    [plain] = await make(customer, 1)
    [red] = await make(customer, 1, metadata={"color": "red", "a.b": "1"})
    [blue] = await make(customer, 1, metadata={"color": "blue"})
    wan = {"model": "wan2-6-i2v-flash", "input": {"image_urls": ["https://a.test/1.png"]}}
    other = (await customer.submit(wan)).json()["task_id"]
    balance = Balance(customer.id, "credit", 1, 1, 9)
    task = task_from_text(plain)
    assert task is not None
    await shared_world.say([Closed(task, customer.id, "credit", now(), "released", "cancelled", 0, balance)])
    assert ids(await get(customer, status="cancelled")) == [plain]
    assert ids(await get(customer, status="queued,processing")) == [other, blue, red]
    assert ids(await get(customer, model="wan2-6-i2v-flash")) == [other]
    assert ids(await get(customer, **{"metadata.color": "red"})) == [red]
    assert ids(await get(customer, **{"metadata.color": "red", "metadata.a.b": "1"})) == [red]
    assert ids(await get(customer, **{"metadata.color": "red", "metadata.a.b": "2"})) == []
    created = (await customer.task(red))["created_at"]
    assert ids(await get(customer, created_before=created)) == [plain]
    assert plain not in ids(await get(customer, created_after=created))
    assert ids(await get(customer, created_after="2026-01-01", created_before="2026-01-02T00:00:00Z")) == []
    assert ids(await get(customer, test="true")) == []
    assert len(ids(await get(customer, test="false"))) == 4


async def test_a_filter_that_matches_little_gives_short_pages_and_reaches_the_end(
    shared_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await shared_world.customer("10000")
    [first] = await make(customer, 1, metadata={"k": "v"})
    await make(customer, 6)
    for name in ("_PAGE", "_SCANNED"):
        sql = getattr(task_lists, name).replace("LIMIT 5000", "LIMIT 3").replace("OFFSET 4999", "OFFSET 2")
        monkeypatch.setattr(task_lists, name, sql)
    seen, cursor, pages = [], {}, 0
    while True:
        page = await get(customer, **{"metadata.k": "v"}, **cursor)
        seen += ids(page)
        pages += 1
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [first]
    assert pages == 3


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"limit": "0"}, "limit", "out_of_range"),
        ({"limit": "101"}, "limit", "out_of_range"),
        ({"limit": "x"}, "limit", "out_of_range"),
        ({"limit": "٣"}, "limit", "out_of_range"),
        ({"status": "done"}, "status", "invalid"),
        ({"status": ""}, "status", "invalid"),
        ({"cursor": "nonsense"}, "cursor", "invalid"),
        ({"cursor": ""}, "cursor", "invalid"),
        ({"cursor": "é"}, "cursor", "invalid"),
        ({"created_after": "yesterday"}, "created_after", "invalid_time"),
        ({"created_before": "0001-01-01T00:00:00+23:00"}, "created_before", "invalid_time"),
        ({"test": "maybe"}, "test", "invalid"),
        ({"ids": ""}, "ids", "out_of_range"),
        ({"ids": "a,,b"}, "ids", "out_of_range"),
        ({"ids": ",".join([RANDOM] * 101)}, "ids", "out_of_range"),
        ({"ids": RANDOM, "limit": "5"}, "limit", "unknown_parameter"),
        ({"metdata.a": "b"}, "metdata.a", "unknown_parameter"),
        ({"metadata.": "b"}, "metadata.", "unknown_parameter"),
        ({"metadata." + "x" * 65: "b"}, "metadata", "invalid"),
        ({"model": "a\0b"}, "model", "invalid"),
    ],
)
async def test_a_parameter_that_can_not_be_is_a_422_that_names_it(
    shared_world: World, params: dict[str, str], param: str, code: str
) -> None:
    customer = await shared_world.customer()
    answer = await customer.api.get("/api/v1/tasks", params=params)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == (param, code)


async def test_a_parameter_may_stand_there_once(shared_world: World) -> None:
    customer = await shared_world.customer()
    answer = await customer.api.get("/api/v1/tasks?model=a&model=b")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "duplicate")


async def test_several_by_id_come_in_their_order_and_the_missing_are_named(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    one, two = await make(customer, 2)
    page = await get(customer, ids=f"{one},{RANDOM},{two},nonsense,{one}")
    assert ids(page) == [one, two]
    assert page["not_found"] == [RANDOM, "nonsense"]


async def test_anothers_ids_and_cursors_are_like_those_that_never_were(shared_world: World) -> None:
    mine, other = await shared_world.customer("100"), await shared_world.customer("100")
    made = await make(other, 3)
    assert ids(await get(mine)) == []
    assert (await get(mine, ids=made[0]))["not_found"] == [made[0]]
    cursor = (await get(other, limit=1))["next_cursor"]
    assert ids(await get(other, cursor=cursor)) == made[1::-1]
    answers = [await mine.api.get("/api/v1/tasks", params={"cursor": each}) for each in (cursor, "A" * 40)]
    assert [answer.status_code for answer in answers] == [422, 422]
    first, second = ({**answer.json()["error"], "request_id": ""} for answer in answers)
    assert first == second


async def test_a_cursor_belongs_to_its_filters(shared_world: World) -> None:
    customer = await shared_world.customer("100")
    await make(customer, 3)
    cursor = (await get(customer, limit=1))["next_cursor"]
    answer = await customer.api.get("/api/v1/tasks", params={"cursor": cursor, "status": "queued"})
    assert answer.status_code == 422


@given(st.uuids(), st.uuids(), st.text(max_size=20), st.data())
def test_a_cursor_is_read_as_it_was_made_and_not_when_a_bit_differs(
    last: UUID, account: UUID, filters: str, data: st.DataObject
) -> None:
    cursor = cursors.encode(last, account, filters, b"secret")
    assert cursors.decode(cursor, account, filters, b"secret") == last
    place = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.characters())
    broken = cursor[:place] + letter + cursor[place + 1 :]
    assert cursors.decode(broken, account, filters, b"secret") in ({None} if broken != cursor else {last})
    assert cursors.decode(cursor, uuid7(), filters, b"secret") is None
    assert cursors.decode(cursor, account, filters + "x", b"secret") is None


async def test_a_waiting_task_knows_its_place_among_the_accounts_own(shared_world: World) -> None:
    customer, other = await shared_world.customer("100"), await shared_world.customer("100")
    made = await make(customer, 3)
    await make(other, 1)
    assert [(await customer.task(each))["queue_position"] for each in made] == [1, 2, 3]
    assert [task["queue_position"] for task in (await get(customer))["data"]] == [3, 2, 1]
    task = task_from_text(made[0])
    assert task is not None
    balance = Balance(customer.id, "credit", 1, 1, 9)
    await shared_world.say([Closed(task, customer.id, "credit", now(), "refused", "cancelled", 0, balance)])
    assert (await customer.task(made[0]))["queue_position"] is None
    fresh = shared_world.client(customer.key, shared_world.another_gateway(shared_world.db))
    assert (await fresh.get(f"/api/v1/tasks/{made[2]}")).json()["queue_position"] == 2


async def test_ids_made_at_the_same_time_have_one_order(shared_world: World) -> None:
    customer = await shared_world.customer("1000")
    await asyncio.gather(*(customer.submit(seedance()) for _ in range(20)))
    whole = ids(await get(customer))
    assert len(whole) == 20
    assert whole == sorted(whole, reverse=True)
    before = datetime.now(UTC) + timedelta(minutes=1)
    assert ids(await get(customer, created_before=before.isoformat())) == whole
    assert task_text(task_from_text(whole[0]) or uuid7()) == whole[0]
