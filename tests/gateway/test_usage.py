"""`GET /api/v1/usage`: counts and costs by groups, of the account alone, as JSON and CSV."""

import csv
from datetime import UTC, datetime

import pytest
from contracts.ids import to_text
from gateway_tools import World, seedance

PATH = "/api/v1/usage"


async def test_usage_is_counted_by_day_model_key_and_metadata(shared_world: World) -> None:
    ann, bob = await shared_world.customer("100"), await shared_world.customer("100")
    for team in ("red", "red", "=1+1"):
        await ann.submit(seedance() | {"metadata": {"team": team}})
    await bob.submit(seedance())
    await shared_world.db.pool.execute(
        """UPDATE tasks SET closed_at = now(), closed_outcome = 'settled', closed_reason = 'stored',
        charged_micro = 6000000, stored_at = now(), stored_outcome = 'stored', status = 'succeeded',
        finished_at = now() WHERE account_id = $1 AND metadata ->> 'team' <> 'red'""",
        ann.id,
    )
    [whole] = (await ann.api.get(PATH)).json()["data"]
    assert (whole["tasks"], whole["succeeded"], whole["credits"], whole["open_credits"]) == (3, 1, 6, 13.14)
    query = {"group_by": "day,model,key,metadata.team"}
    rows = (await ann.api.get(PATH, params=query)).json()["data"]
    assert [(row["metadata.team"], row["tasks"], row["cost"]) for row in rows] == [
        ("=1+1", 1, 0.06),
        ("red", 2, 0),
    ]
    assert {row["key"] for row in rows} == {to_text("key_", ann.key_id)}
    assert {row["day"] for row in rows} <= {datetime.now(UTC).date().isoformat(), rows[0]["day"]}
    table = await ann.api.get(PATH, params=query | {"format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(table.text.splitlines()))
    assert [(line["metadata.team"], line["tasks"]) for line in lines] == [("'=1+1", "1"), ("red", "2")]
    same = await ann.api.get(PATH, params=query, headers={"Accept": "text/csv"})
    assert same.text == table.text
    old = {"from": "2025-01-01", "to": "2025-02-01", "group_by": "model"}
    assert (await ann.api.get(PATH, params=old)).json()["data"] == []


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"group_by": "colour"}, "group_by"),
        ({"group_by": "day,day"}, "group_by"),
        ({"group_by": "metadata."}, "group_by"),
        ({"from": "2025-01-01", "to": "2026-06-01"}, "from"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from"),
        ({"to": "1970-01-01", "from": "x"}, "from"),
        ({"format": "pdf"}, "format"),
    ],
)
async def test_a_wrong_question_is_named(shared_world: World, params: dict[str, str], param: str) -> None:
    customer = await shared_world.customer()
    answer = await customer.api.get(PATH, params=params)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param)
