"""The operator's questions to services: dead letters and their replay, outboxes, providers."""

from datetime import UTC, datetime

import orjson
import pytest
from contracts import events
from contracts.ids import uuid7
from dead_letters import set_aside
from operator_setting import OperatorSetting, code

ADMIN = "/api/v1/admin"


def granted(operating: OperatorSetting) -> events.CreditsGranted:
    return events.CreditsGranted(
        grant_id=uuid7(),
        account_id=operating.ann.id,
        asset="credit",
        amount_micro=5_000_000,
        kind="topup",
        reason="paid",
        granted_at=datetime.now(UTC),
    )


async def balance(operating: OperatorSetting) -> int:
    query = "SELECT coalesce(sum(available_micro), 0)::bigint FROM balances WHERE account_id = $1"
    return int(await operating.ledger_db.pool.fetchval(query, operating.ann.id))


async def test_a_dead_letter_is_seen_and_handled_again_once(customers: OperatorSetting) -> None:
    api, event = customers.operator.api, granted(customers)
    letter_id = await set_aside(customers.ledger_db.pool, event, str(event.grant_id))
    letters = f"{ADMIN}/services/ledger/dead-letters"
    page = (await api.get(letters, params={"open": "true", "limit": 1})).json()
    assert (page["data"][0]["id"], page["data"][0]["topic"]) == (letter_id, "credits.granted")
    shown = (await api.get(f"{letters}/{letter_id}")).json()
    assert orjson.loads(shown["value"])["grant_id"] == str(event.grant_id)
    assert (shown["reason"], shown["replayed_at"]) == ("unprocessable", None)
    assert await balance(customers) == 0
    for _ in range(2):
        replayed = await api.post(f"{letters}/{letter_id}/replay", json={"reason": "mended"})
        assert replayed.json()["replayed_at"] is not None
        assert await balance(customers) == 5_000_000
    entries = (await api.get(f"{ADMIN}/audit", params={"action": "dead_letter.replayed"})).json()["data"]
    assert (entries[0]["subject"], entries[0]["reason"]) == (f"ledger/{letter_id}", "mended")
    assert letter_id not in [
        x["id"] for x in (await api.get(letters, params={"open": "true"})).json()["data"]
    ]


async def test_what_still_cannot_be_read_stays_a_dead_letter(customers: OperatorSetting) -> None:
    event = granted(customers)
    letter_id = await set_aside(
        customers.ledger_db.pool, event, str(event.grant_id), ce_type="from.the.future.v9"
    )
    path = f"{ADMIN}/services/ledger/dead-letters/{letter_id}"
    refused = await customers.operator.api.post(f"{path}/replay")
    assert code(refused) == (409, "dead_letter_unreadable", None)
    assert (await customers.operator.api.get(path)).json()["replayed_at"] is None


async def test_the_gateway_answers_for_itself(customers: OperatorSetting) -> None:
    api, event = customers.operator.api, granted(customers)
    changed = events.CreditsChanged(
        account_id=customers.ann.id,
        asset="credit",
        change_id=event.grant_id,
        change_micro=5,
        kind="topup",
        reason="paid",
        changed_at=datetime.now(UTC),
        balance=events.Balance(available_micro=5_000_000, held_micro=0, version=2),
    )
    letter_id = await set_aside(customers.world.db.pool, changed, str(event.grant_id))
    replayed = await api.post(f"{ADMIN}/services/gateway/dead-letters/{letter_id}/replay")
    assert replayed.status_code == 200, replayed.text
    assert (await customers.ann.credits())["available"] == 5


@pytest.mark.parametrize("service", ["ledger", "gateway"])
async def test_an_outbox_that_was_never_sent_is_not_sent_again(
    operating: OperatorSetting, service: str
) -> None:
    await operating.grant(operating.ann.id, 1)
    path = f"{ADMIN}/services/{service}/outbox/replay"
    refused = await operating.operator.api.post(path, json={"everything": True})
    assert code(refused) == (409, "replay_refused", None)
    for body, param in (({}, None), ({"since": "yesterday"}, "since"), ({"after": "x"}, "after")):
        assert code(await operating.operator.api.post(path, json=body)) == (422, "invalid", param)


async def test_an_outbox_is_sent_again_from_where_its_relay_stands(operating: OperatorSetting) -> None:
    await operating.grant(operating.ann.id, 1)
    await operating.ledger_db.pool.execute(
        """UPDATE outbox_cursor c SET epoch = o.epoch, txid = o.txid, id = o.id
        FROM (SELECT epoch, txid, id FROM outbox ORDER BY epoch DESC, txid DESC, id DESC LIMIT 1) AS o
        WHERE c.name = 'relay'"""
    )
    path = f"{ADMIN}/services/ledger/outbox/replay"
    made = (await operating.operator.api.post(path, json={"everything": True, "reason": "lost"})).json()
    rows = await operating.ledger_db.pool.fetchval("SELECT count(*) FROM outbox")
    assert (made["service"], made["rows"]) == ("ledger", rows)


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/services/moon/dead-letters", 404, "service_not_found"),
        ("GET", "/services/ledger/dead-letters?before=x", 422, "invalid"),
        ("GET", "/services/ledger/dead-letters/999999", 404, "dead_letter_not_found"),
        ("GET", "/services/gateway/dead-letters/x", 404, "dead_letter_not_found"),
        ("POST", "/services/gateway/dead-letters/999999/replay", 404, "dead_letter_not_found"),
        ("GET", "/services/storage/dead-letters", 503, "storage_unavailable"),
        ("GET", "/providers", 503, "dispatcher_unavailable"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    operating: OperatorSetting, method: str, path: str, status: int, error: str
) -> None:
    answer = await operating.operator.api.request(method, ADMIN + path)
    assert code(answer)[:2] == (status, error)
