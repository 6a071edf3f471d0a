"""`GET /api/v1/credits/history`: what the ledger booked, page by page, to nobody else."""

import pytest
from contracts.ids import task_text, uuid7
from gateway_tools import World
from operator_setting import OperatorSetting, code
from surface_tools import conforms

PATH = "/api/v1/credits/history"
CREDIT = 1_000_000


async def test_a_history_shows_every_movement_with_the_balances_after_it(customers: OperatorSetting) -> None:
    operating = customers
    ann, task = operating.ann, uuid7()
    await operating.grant(ann.id, 10 * CREDIT)
    await operating.freeze(ann.id, task, 4 * CREDIT)
    await operating.settle(ann.id, task, 2_500_000)
    answer = await ann.api.get(PATH)
    assert answer.headers["cache-control"] == "no-store"
    page = answer.json()
    assert (page["object"], page["has_more"], page["next_cursor"]) == ("list", False, None)
    shown = [(x["kind"], x["amount"], x["available_change"], x["available"], x["held"]) for x in page["data"]]
    assert shown == [
        ("release", 1.5, 1.5, 7.5, 0),
        ("settle", 2.5, 0, 6, 1.5),
        ("freeze", 4, -4, 6, 4),
        ("grant", 10, 10, 10, 0),
    ]
    assert {each["task_id"] for each in page["data"]} == {task_text(task), None}
    assert (page["data"][-1]["reason"], page["data"][-1]["grant_kind"]) == ("paid", "topup")


async def test_pages_follow_each_other_and_a_cursor_is_its_accounts_alone(customers: OperatorSetting) -> None:
    operating = customers
    ann, bob = operating.ann, operating.bob
    for micro in (1, 2, 3):
        await operating.grant(ann.id, micro * CREDIT)
        await operating.grant(bob.id, micro)
    first = (await ann.api.get(PATH, params={"limit": 2})).json()
    rest = (await ann.api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [each["amount"] for each in [*first["data"], *rest["data"]]] == [3, 2, 1]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    stolen = await bob.api.get(PATH, params={"cursor": first["next_cursor"]})
    assert code(stolen) == (422, "invalid", "cursor")


async def test_a_test_key_sees_test_credits_only(operating: OperatorSetting) -> None:
    tester = await operating.world.customer(asset="test")
    await operating.grant(tester.id, CREDIT)
    await operating.grant(tester.id, 5 * CREDIT, asset="test")
    [only] = (await tester.api.get(PATH)).json()["data"]
    assert (only["amount"], only["test"]) == (5, True)


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "201"}, {"cursor": "x"}, {"page": "1"}])
async def test_a_wrong_parameter_is_named(operating: OperatorSetting, params: dict[str, str]) -> None:
    answer = await operating.ann.api.get(PATH, params=params)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, next(iter(params)))


async def test_without_a_ledger_to_ask_it_says_so(shared_world: World) -> None:
    customer = await shared_world.customer()
    assert code(await customer.api.get(PATH)) == (503, "ledger_unavailable", None)
    assert (await shared_world.client().get(PATH)).status_code == 401


async def test_the_quick_start_tells_it_in_its_own_words(operating: OperatorSetting) -> None:
    world = operating.world
    ann = await world.customer()
    for each in (1, 2, 3):
        await operating.grant(ann.id, each * 1_000_000)
    page = await conforms(
        world,
        "GET",
        "/api/credits/history",
        await ann.api.get("/api/credits/history", params={"limit": 2}),
    )
    assert ([each["amount"] for each in page["transactions"]], page["has_more"]) == ([3, 2], True)
    rest = await ann.api.get("/api/credits/history", params={"before": page["transactions"][-1]["id"]})
    assert [each["balance"] for each in rest.json()["transactions"]] == [1]


async def test_what_the_operator_took_back_is_told_on_both_surfaces(customers: OperatorSetting) -> None:
    await customers.grant(customers.ann.id, 3 * CREDIT)
    await customers.grant(customers.ann.id, -5 * CREDIT)
    for path, listed, name in ((PATH, "data", "kind"), ("/api/credits/history", "transactions", "type")):
        page = await conforms(customers.world, "GET", path, await customers.ann.api.get(path))
        assert [each[name] for each in page[listed]] == ["writeoff", "takeback", "grant"]
