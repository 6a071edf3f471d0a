"""The operator finds a task of any account: by what it is, by its metadata, by the provider's job id."""

from typing import Any

import pytest
from contracts.ids import uuid7
from gateway_tools import seedance
from operator_setting import OperatorSetting, code

TASKS = "/api/v1/admin/tasks"


async def found(operating: OperatorSetting, **query: Any) -> list[str]:
    answer = await operating.operator.api.get(TASKS, params=query)
    assert answer.status_code == 200, answer.text
    return [each["task_id"] for each in answer.json()["data"]]


async def test_a_task_of_anybody_is_found_and_shown_with_its_history(operating: OperatorSetting) -> None:
    ann, bob = await operating.world.customer("100"), await operating.world.customer("100")
    order = str(uuid7())
    body = seedance() | {"metadata": {"order": order}}
    mine = (await ann.submit(body, key="once")).json()["task_id"]
    other = (await bob.submit(seedance())).json()["task_id"]
    assert await found(operating, q=order.upper()) == [mine]
    assert await found(operating, account=str(bob.id), status="queued") == [other]
    assert await found(operating, account=str(bob.id), status="failed") == []
    assert await found(operating, account=str(bob.id), model="doubao-seedance-2-0-fast") == [other]
    shown = (await operating.operator.api.get(f"{TASKS}/{mine}")).json()
    assert (shown["metadata"], shown["idempotency_key"]) == ({"order": order}, "once")
    assert [event["type"] for event in shown["events"]] == ["requested"]
    assert (await operating.operator.api.get(f"{TASKS}/{shown['uuid']}")).json() == shown


async def test_pages_of_everybodys_tasks_follow_each_other(operating: OperatorSetting) -> None:
    customer, label = await operating.world.customer("100"), str(uuid7())
    made = [
        (await customer.submit(seedance() | {"metadata": {"label": label}})).json()["task_id"]
        for _ in range(3)
    ]
    query = {"q": label, "limit": "2"}
    first = (await operating.operator.api.get(TASKS, params=query)).json()
    rest = await found(operating, **query, cursor=first["next_cursor"])
    assert [each["task_id"] for each in first["data"]] + rest == made[::-1]


@pytest.mark.parametrize(
    ("path", "status", "param"),
    [
        ("?status=gone", 422, "status"),
        ("?account=x", 422, "account"),
        ("?created_after=x", 422, "created_after"),
        ("?provider_job_id=a&limit=1", 422, "limit"),
        ("?provider_job_id=a", 503, None),
        ("/task_x", 404, "task_id"),
        (f"/{uuid7()}", 404, "task_id"),
    ],
)
async def test_a_search_that_cannot_be_says_why(
    operating: OperatorSetting, path: str, status: int, param: str | None
) -> None:
    answer = await operating.operator.api.get(TASKS + path)
    assert (code(answer)[0], code(answer)[2]) == (status, param)
