"""What customers paid against what providers bill, to the micro-credit."""

from typing import Any

import pytest
from contracts.events import ProviderCompleted
from contracts.ids import uuid7
from gateway.domain.facts import Balance, Closed, Completed, Frozen, Stored
from gateway.inbound.events.providers import provider_completed
from gateway_tools import Customer, now, seedance
from operator_setting import OperatorSetting, code
from surface_tools import task_id

MARGIN = "/api/v1/admin/margin"
BALANCE = 1_000_000_000


async def made(
    operating: OperatorSetting, customer: Customer, provider: str, charged: int, cost: int | None, **fate: str
) -> None:
    """A task that a provider finished, billed so much."""
    outcome, closed = fate.get("outcome", "succeeded"), fate.get("closed", "settled")
    task = task_id((await customer.submit(seedance())).json()["task_id"])
    balance = Balance(customer.id, "credit", BALANCE, 0, 50)
    stored = Stored(task, customer.id, now(), "stored", (), None, None)
    await operating.world.say(
        [
            Frozen(task, now(), balance),
            Completed(task, now(), outcome, None, None, provider, cost),
            *([stored] if outcome == "succeeded" else []),
            Closed(task, customer.id, "credit", now(), closed, "completed", charged, balance),
        ]
    )


async def ask(operating: OperatorSetting, provider: str, group_by: str) -> tuple[list[Any], Any]:
    answer = await operating.operator.api.get(MARGIN, params={"group_by": group_by})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return [each for each in told["data"] if each["provider"] == provider], told


async def test_what_was_settled_stands_against_what_is_billed(operating: OperatorSetting) -> None:
    customer, provider = await operating.world.customer("1000"), f"acme-{uuid7()}"
    await made(operating, customer, provider, 6_570_000, 1_234_567)
    await made(operating, customer, provider, 1_000_001, 2_000_000)
    await made(operating, customer, provider, 500_000, None)
    await made(operating, customer, provider, 0, 300_000, outcome="failed", closed="released")
    await made(operating, customer, provider, 0, None, outcome="failed", closed="released")
    [row], told = await ask(operating, provider, "model,provider")
    assert (row["model"], row["tasks"]) == ("doubao-seedance-2-0-fast", 5)
    assert (row["settled_credits"], row["cost_credits"]) == (7.570001, 3.534567)
    assert (row["margin_credits"], row["margin"]) == (4.035434, 0.04035434)
    assert row["unknown_cost"] == {"tasks": 1, "settled_credits": 0.5}
    assert told["total"]["tasks"] == sum(each["tasks"] for each in told["data"])
    whole = (await operating.operator.api.get(MARGIN)).json()
    assert whole["data"] == [whole["total"]] == [told["total"]]


async def test_the_margin_has_bounds_and_is_the_operators_alone(operating: OperatorSetting) -> None:
    for params, field in (
        ({"group_by": "key"}, "group_by"),
        ({"group_by": "day,day"}, "group_by"),
        ({"from": "2020-01-01T00:00:00Z"}, "from"),
        ({"by": "day"}, "by"),
    ):
        answer = await operating.operator.api.get(MARGIN, params=params)
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, field), params
    refused = await operating.ann.api.get(MARGIN)
    assert code(refused) == (403, "admin_required", None)


@pytest.mark.parametrize("cost", [None, 0, 17])
def test_the_bill_comes_with_the_providers_last_word(cost: int | None) -> None:
    event: Any = ProviderCompleted(
        task_id=uuid7(),
        account_id=uuid7(),
        attempt=1,
        outcome="succeeded",
        model="m",
        provider="acme",
        cost_micro=cost,
        completed_at=now(),
    )
    fact = provider_completed(event, None)  # type: ignore[arg-type]
    assert (fact.provider, fact.cost_micro) == ("acme", cost)
