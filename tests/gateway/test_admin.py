"""The operator's API: accounts, keys, grants, holds, the ledger's check, and the audit log of it all."""

from typing import Any

import pytest
from contracts.ids import to_text, uuid7
from gateway_tools import seedance, until
from operator_setting import OperatorSetting, code

ADMIN = "/api/v1/admin"
CREDIT = 1_000_000


async def account(operating: OperatorSetting, **fields: Any) -> dict[str, Any]:
    answer = await operating.operator.api.post(f"{ADMIN}/accounts", json={"name": "Acme", **fields})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{ADMIN}/accounts/{answer.json()['id']}"
    return dict(answer.json())


async def audit(operating: OperatorSetting, about: str, **query: Any) -> list[dict[str, Any]]:
    answer = await operating.operator.api.get(f"{ADMIN}/audit", params={"account": about, **query})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


async def test_every_route_is_the_operators_alone(operating: OperatorSetting) -> None:
    document = (await operating.world.client().get("/openapi.json")).json()
    routes = [(path, method) for path, each in document["paths"].items() for method in each if ADMIN in path]
    assert len(routes) > 10
    for path, method in routes:
        address = path.replace("{account_id}", str(operating.bob.id)).replace("{", "").replace("}", "")
        refused = await operating.ann.api.request(method, address)
        assert code(refused) == (403, "admin_required", None), (method, path)
        assert (await operating.world.client().request(method, address)).status_code == 401


async def test_an_account_is_made_funded_and_used_with_its_own_key(operating: OperatorSetting) -> None:
    api = operating.operator.api
    made = await account(operating, tier="studio")
    assert (made["status"], made["tier"], made["credits"]["available"]) == ("active", "studio", 0)
    one = f"{ADMIN}/accounts/{made['id']}"
    key = (await api.post(f"{one}/keys", json={"name": "first"})).json()
    listed = (await api.get(f"{one}/keys")).json()["data"]
    assert [(each["name"], "key" in each) for each in listed] == [("first", False)]
    granted = (await api.post(f"{one}/grants", json={"credits": 12.5, "reason": "a gift"})).json()
    assert (granted["credits"], granted["kind"], granted["booked_at"]) == (12.5, "adjustment", None)
    assert (await api.get(f"{one}/grants")).json()["data"] == [granted]
    theirs = operating.world.client(key["key"])
    assert (await theirs.get("/api/v1/credits")).json()["tier"] == "studio"
    entries = await audit(operating, made["id"])
    assert [each["action"] for each in entries] == ["credits.granted", "key.created", "account.created"]
    assert (entries[0]["reason"], entries[0]["detail"]["credits"]) == ("a gift", "12.5")
    assert {each["actor"] for each in entries} == {to_text("key_", operating.operator.key_id)}


async def test_every_key_of_an_account_inherits_its_role_and_loses_it_with_it(
    operating: OperatorSetting,
) -> None:
    api, made = operating.operator.api, await account(operating)
    one = f"{ADMIN}/accounts/{made['id']}"
    keys = [(await api.post(f"{one}/keys", json={"name": name})).json()["key"] for name in "ab"]

    async def may(key: str, status: int) -> bool:
        return (await operating.world.client(key).get(f"{ADMIN}/accounts")).status_code == status

    for role, status in (("user", 403), ("admin", 200), ("user", 403)):
        changed = await api.patch(one, json={"role": role, "reason": "joins or leaves"})
        assert changed.json()["role"] == role
        for key in keys:
            await until(lambda key=key, status=status: may(key, status))
    assert code(await api.patch(one, json={"role": "king"}))[:2] == (422, "invalid")
    entries = await audit(operating, made["id"])
    assert entries[1]["detail"]["role"] == {"from": "user", "to": "admin"}


async def test_what_is_made_under_an_id_is_made_once(operating: OperatorSetting) -> None:
    api, account_id = operating.operator.api, str(uuid7())
    made = await account(operating, id=account_id)
    assert (await account(operating, id=made["id"]))["id"] == made["id"]
    other = await api.post(f"{ADMIN}/accounts", json={"name": "Other", "id": account_id})
    assert code(other) == (409, "account_exists", "id")
    path, body = f"{ADMIN}/accounts/{account_id}/grants", {"credits": 1, "reason": "x", "id": str(uuid7())}
    first, again = await api.post(path, json=body), await api.post(path, json=body)
    assert first.json() == again.json()
    assert code(await api.post(path, json=body | {"credits": 2})) == (409, "grant_exists", "id")
    assert len(await audit(operating, account_id, action="credits.granted")) == 1


async def test_what_is_taken_back_is_set_aside_until_the_ledger_answers(
    operating: OperatorSetting,
) -> None:
    customer = await operating.world.customer("10")
    path = f"{ADMIN}/accounts/{customer.id}"
    taken = await operating.operator.api.post(
        f"{path}/grants", json={"credits": -4, "reason": "a mistake", "kind": "adjustment"}
    )
    assert taken.status_code == 201
    shown = (await operating.operator.api.get(path)).json()
    assert shown["credits"] == {"available": 10, "held": 0, "pending": 4}
    assert (await customer.credits())["available"] == 6


async def test_a_disabled_account_is_refused_until_it_is_enabled(operating: OperatorSetting) -> None:
    customer, api = await operating.world.customer("100"), operating.operator.api
    path = f"{ADMIN}/accounts/{customer.id}"
    for status, expected in (("disabled", 403), ("active", 202)):
        changed = await api.patch(path, json={"status": status, "reason": "abuse"})
        assert changed.json()["status"] == status

        async def answered(wanted: int = expected) -> bool:
            return (await customer.submit(seedance())).status_code == wanted

        await until(answered)
    entry = (await audit(operating, str(customer.id), action="account.changed"))[-1]
    assert (entry["detail"], entry["reason"]) == ({"status": {"from": "active", "to": "disabled"}}, "abuse")
    changed = await api.patch(path, json={"tier": "pro", "retention_days": 30, "max_live_tasks": 2})
    shown = changed.json()
    assert (shown["tier"], shown["retention_days"], shown["max_live_tasks"]) == ("pro", 30, 2)
    assert (await api.patch(path, json={"retention_days": None})).json()["retention_days"] is None


async def test_accounts_are_found_by_name_tier_and_status_page_by_page(operating: OperatorSetting) -> None:
    api, name = operating.operator.api, f"100%_{uuid7()}"
    ids = [(await account(operating, name=f"{name} {n}", tier="pro"))["id"] for n in range(3)]
    await api.patch(f"{ADMIN}/accounts/{ids[0]}", json={"status": "disabled"})
    query = {"q": name.upper(), "limit": 2}
    first = (await api.get(f"{ADMIN}/accounts", params=query)).json()
    rest = (await api.get(f"{ADMIN}/accounts", params=query | {"cursor": first["next_cursor"]})).json()
    assert [each["id"] for each in [*first["data"], *rest["data"]]] == ids[::-1]
    found = (await api.get(f"{ADMIN}/accounts", params={"q": name, "status": "disabled"})).json()
    assert [each["id"] for each in found["data"]] == ids[:1]
    assert (await api.get(f"{ADMIN}/accounts", params={"q": name, "tier": "free"})).json()["data"] == []


async def test_holds_and_histories_of_any_account_come_from_the_ledger(customers: OperatorSetting) -> None:
    operating = customers
    ann, bob, api, task = operating.ann, operating.bob, operating.operator.api, uuid7()
    await operating.grant(ann.id, 10 * CREDIT)
    await operating.grant(bob.id, 10 * CREDIT)
    await operating.freeze(ann.id, task, 4 * CREDIT)
    await operating.freeze(bob.id, uuid7(), CREDIT)
    [hold] = (await api.get(f"{ADMIN}/holds", params={"account": str(ann.id)})).json()["data"]
    assert (hold["task_id"], hold["held"], hold["expired"]) == (to_text("task_", task), 4, False)
    everybody = (await api.get(f"{ADMIN}/holds", params={"limit": 1})).json()
    assert everybody["has_more"] is True
    more = await api.get(f"{ADMIN}/holds", params={"limit": 1, "cursor": everybody["next_cursor"]})
    assert more.json()["data"][0]["task_id"] != everybody["data"][0]["task_id"]
    assert (await api.get(f"{ADMIN}/holds", params={"expired": "true"})).json()["data"] == []
    history = (await api.get(f"{ADMIN}/accounts/{bob.id}/credits/history")).json()["data"]
    assert [each["kind"] for each in history] == ["freeze", "grant"]


async def test_the_books_are_checked_on_request(operating: OperatorSetting) -> None:
    made = (await operating.operator.api.post(f"{ADMIN}/ledger/check")).json()
    assert (made["running"], made["last"]["right"]) == (False, True)
    assert (await operating.operator.api.get(f"{ADMIN}/ledger/check")).json() == made


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "param"),
    [
        ("POST", "/accounts", {"name": ""}, 422, "name"),
        ("POST", "/accounts", {"name": "x", "tier": "gold"}, 422, "tier"),
        ("POST", "/accounts", {"name": "x", "id": "7"}, 422, "id"),
        ("POST", "/accounts", {"name": "x", "colour": 1}, 422, "colour"),
        ("GET", "/accounts/nobody", None, 404, "account_id"),
        ("GET", f"/accounts/{uuid7()}", None, 404, "account_id"),
        ("PATCH", f"/accounts/{uuid7()}", {"name": "x"}, 404, "account_id"),
        ("PATCH", "/accounts/{ann}", {"tier": "gold"}, 422, "tier"),
        ("PATCH", "/accounts/{ann}", {"status": None}, 422, "status"),
        ("PATCH", "/accounts/{ann}", {"retention_days": 0}, 422, "retention_days"),
        ("GET", f"/tasks/{uuid7()}/trace", None, 404, "task_id"),
        ("GET", f"/accounts/{uuid7()}/keys", None, 404, "account_id"),
        ("POST", f"/accounts/{uuid7()}/keys", {"name": "x"}, 404, "account_id"),
        ("POST", "/accounts/{ann}/keys", {"name": "x", "scopes": ["root"]}, 422, "scopes.0"),
        ("POST", f"/accounts/{uuid7()}/grants", {"credits": 1, "reason": "x"}, 404, "account_id"),
        ("POST", "/accounts/{ann}/grants", {"credits": 0, "reason": "x"}, 422, "credits"),
        ("POST", "/accounts/{ann}/grants", {"credits": 1e-7, "reason": "x"}, 422, "credits"),
        ("POST", "/accounts/{ann}/grants", {"credits": 1}, 422, "reason"),
        ("POST", "/accounts/{ann}/grants", {"credits": 1, "reason": "x", "id": "y"}, 422, "id"),
        ("GET", "/accounts?status=gone", None, 422, "status"),
        ("GET", "/accounts?cursor=x", None, 422, "cursor"),
        ("GET", "/holds?account=x", None, 422, "account"),
        ("GET", "/audit?limit=0", None, 422, "limit"),
    ],
)
async def test_a_fault_is_named(
    operating: OperatorSetting, method: str, path: str, body: Any, status: int, param: str
) -> None:
    address = ADMIN + path.replace("{ann}", str(operating.ann.id))
    answer = await operating.operator.api.request(method, address, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text
