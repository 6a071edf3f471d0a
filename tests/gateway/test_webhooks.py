"""`/api/v1/webhooks…` as a customer sees it: the gateway asks callbacks, which delivers over real sockets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from callbacks.domain.news import Deleted
from callbacks_process import TOKEN, callbacks_beside
from contracts.ids import task_text, to_text, uuid7
from gateway.app import make_app
from gateway.outbound.objects import Objects
from gateway.outbound.rate_store import RateStore
from gateway.parts.clients import Others
from gateway.parts.shared import store_address
from gateway.usecases.follow_tasks import FollowTasks
from gateway_tools import World
from receiver import Plan
from runtime.internal import InternalClient
from runtime.outbox.recorder import Outbox
from standardwebhooks import Webhook, WebhookVerificationError
from webhook_setting import BASE, Setting


def code(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["request_id"] == answer.headers["x-request-id"]
    return str(error["code"])


async def test_an_endpoint_is_made_shown_changed_and_deleted(setting: Setting) -> None:
    api = setting.ann.api
    made = await setting.add(events=["task.failed"], description="the shop")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert (made["enabled"], made["events"], made["description"]) == (True, ["task.failed"], "the shop")
    where = f"{BASE}/{made['id']}"
    assert (await api.get(where)).json() == made, "and the secret isn't shown again"
    assert (await api.get(BASE)).json() == {"object": "list", "data": [made]}
    changed = await api.patch(where, json={"events": [], "enabled": False})
    assert (changed.json()["events"], changed.json()["enabled"]) == ([], False)
    assert changed.json()["disabled_reason"] == "owner"
    assert (await api.patch(where, json={"enabled": True})).json()["disabled_reason"] is None
    assert (await api.delete(where)).status_code == 204
    assert code(await api.get(where), 404) == "webhook_not_found"
    assert (await api.get(BASE)).json()["data"] == []


async def test_a_test_event_arrives_signed_and_is_in_the_log(setting: Setting) -> None:
    made = await setting.add(events=["credits.low"])
    begun = await setting.ann.api.post(f"{BASE}/{made['id']}/test")
    assert (begun.status_code, begun.json()["type"]) == (202, "webhook.test")
    [line] = await setting.ended()
    assert (line["status"], line["attempts"], line["last_status"]) == ("delivered", 1, 204)
    [came] = setting.receiver.came
    body = Webhook(made["secret"]).verify(came.body, came.headers)
    full = (await setting.ann.api.get(f"{BASE}/deliveries/{line['id']}")).json()
    assert full["payload"] == body
    assert [(each["attempt"], each["status"]) for each in full["log"]] == [(1, 204)]
    assert came.headers["webhook-id"] == line["event_id"]


async def test_a_rotated_secret_signs_beside_the_previous_one_until_the_overlap_ends(
    setting: Setting,
) -> None:
    made = await setting.add()
    where = f"{BASE}/{made['id']}"
    secrets = [made["secret"]]
    for overlap in ({"overlap_hours": 2}, {"overlap_hours": 0}):
        rotated = (await setting.ann.api.post(f"{where}/rotate-secret", json=overlap)).json()
        secrets.append(rotated["secret"])
        await setting.ann.api.post(f"{where}/test")
        await setting.ended()
    assert len(set(secrets)) == 3
    assert [_valid(secrets, came) for came in setting.receiver.came] == [[0, 1], [2]]


async def test_the_default_secret_is_shown_by_rotating_and_signs_what_tasks_ask_for(setting: Setting) -> None:
    api = setting.ann.api
    assert (await api.get(f"{BASE}/default-secret")).json()["rotated_at"] is None
    rotated = await api.post(f"{BASE}/default-secret/rotate")
    assert (await api.get(f"{BASE}/default-secret")).json()["rotated_at"] == rotated.json()["rotated_at"]
    await setting.say(setting.ann, webhook_url=setting.receiver.url("/task"))
    await setting.ended()
    [came] = setting.receiver.at("/task")
    assert _valid([rotated.json()["secret"]], came) == [0]


def _valid(secrets: list[str], came: Any) -> list[int]:
    found = []
    for number, secret in enumerate(secrets):
        try:
            Webhook(secret).verify(came.body, came.headers)
        except WebhookVerificationError:
            continue
        found.append(number)
    return found


async def test_the_log_is_paged_and_filtered(setting: Setting) -> None:
    all_of, failures = await setting.add("/all"), await setting.add("/failures", events=["task.failed"])
    messages = [
        await setting.say(setting.ann, type=f"task.{kind}") for kind in ("succeeded", "failed", "failed")
    ]
    everything = await setting.ended()
    assert len(everything) == 5
    assert [each["id"] for each in everything] == sorted((each["id"] for each in everything), reverse=True)
    first = (await setting.ann.api.get(f"{BASE}/deliveries", params={"limit": 3})).json()
    query = {"limit": 3, "cursor": first["next_cursor"]}
    second = (await setting.ann.api.get(f"{BASE}/deliveries", params=query)).json()
    assert first["data"] + second["data"] == everything
    assert second["next_cursor"] is None
    assert {each["endpoint_id"] for each in await setting.log(endpoint_id=failures["id"])} == {failures["id"]}
    assert len(await setting.log(type="task.failed")) == 4
    assert len(await setting.log(task_id=task_text(messages[0].task_id or uuid7()))) == 1
    assert await setting.log(status="given_up") == []
    assert await setting.log(created_before=everything[-1]["created_at"]) == []
    assert len(await setting.log(created_after="2020-01-01T00:00:00Z", endpoint_id=all_of["id"])) == 3


async def test_a_cursor_of_the_log_is_good_for_its_account_and_its_filters_alone(setting: Setting) -> None:
    await setting.add()
    for _ in range(2):
        await setting.say(setting.ann)
    page = (await setting.ann.api.get(f"{BASE}/deliveries", params={"limit": 1})).json()
    cursor, made_up = page["next_cursor"], page["data"][0]["id"]
    for api, query in (
        (setting.bob.api, {"cursor": cursor}),
        (setting.ann.api, {"cursor": cursor, "type": "task.succeeded"}),
        (setting.ann.api, {"cursor": made_up}),
    ):
        answer = await api.get(f"{BASE}/deliveries", params=query)
        assert (code(answer, 422), answer.json()["error"]["param"]) == ("invalid", "cursor")
    rest = await setting.log(cursor=cursor, limit=5)
    assert len(rest) == 1


async def test_what_was_given_up_is_delivered_again_alone_or_by_time(setting: Setting) -> None:
    setting.receiver.plan("/hook", Plan(410))
    made = await setting.add()
    where = f"{BASE}/{made['id']}"
    began = datetime.now(UTC) - timedelta(minutes=1)
    for _ in range(3):
        await setting.say(setting.ann)
    assert {each["status"] for each in await setting.ended()} == {"given_up"}
    assert (await setting.ann.api.get(where)).json()["disabled_reason"] == "gone"
    assert code(await setting.ann.api.post(f"{where}/test"), 409) == "endpoint_disabled"
    setting.receiver.plan("/hook", Plan(200))
    await setting.ann.api.patch(where, json={"enabled": True})
    one = (await setting.log())[0]["id"]
    again = await setting.ann.api.post(f"{BASE}/deliveries/{one}/redeliver")
    assert (again.status_code, again.json()["round"]) == (202, 2)
    assert {each["status"] for each in await setting.ended(status="delivered")} == {"delivered"}
    rest = await setting.ann.api.post(f"{where}/redeliver", json={"since": began.isoformat()})
    assert rest.json() == {"object": "webhook_redelivery", "redelivered": 2}
    assert [each["status"] for each in await setting.ended()] == ["delivered"] * 3
    every = await setting.ann.api.post(
        f"{where}/redeliver", json={"since": began.isoformat(), "status": "all"}
    )
    assert every.json()["redelivered"] == 3
    assert {each["round"] for each in await setting.ended()} == {3}


async def test_a_deleted_task_is_not_delivered_again(setting: Setting) -> None:
    await setting.add()
    message = await setting.say(setting.ann)
    [line] = await setting.ended()
    await setting.tell(Deleted(message.task_id or uuid7()))
    full = (await setting.ann.api.get(f"{BASE}/deliveries/{line['id']}")).json()
    assert full["payload"] is None
    answer = await setting.ann.api.post(f"{BASE}/deliveries/{line['id']}/redeliver")
    assert code(answer, 409) == "content_deleted"


BAD: dict[str, tuple[Any, str, str | None]] = {
    "no url": ({}, "missing_field", "url"),
    "a number": ({"url": 7}, "invalid_url", "url"),
    "no scheme": ({"url": "shop.example.com"}, "invalid_url", "url"),
    "another scheme": ({"url": "ftp://shop.example.com"}, "invalid_url", "url"),
    "plain http": ({"url": "http://shop.example.com"}, "url_refused", "url"),
    "a private address": ({"url": "https://10.0.0.1/"}, "url_refused", "url"),
    "this machine": ({"url": "https://localhost/"}, "url_refused", "url"),
    "another port": ({"url": "https://shop.example.com:22/"}, "url_refused", "url"),
    "an unknown field": ({"url": "https://example.com", "secret": "x"}, "unknown_field", "secret"),
    "an unknown event": ({"url": "https://example.com", "events": ["task.done"]}, "unknown_event", "events"),
    "no list": ({"url": "https://example.com", "events": "task.failed"}, "invalid_events", "events"),
    "a zero": ({"url": "https://example.com", "description": "\0"}, "invalid_description", "description"),
}


@pytest.mark.parametrize("what", BAD)
async def test_a_bad_endpoint_is_422_with_the_field(what: str, setting: Setting) -> None:
    body, expected, param = BAD[what]
    answer = await setting.ann.api.post(BASE, json=body)
    assert code(answer, 422) == expected
    assert answer.json()["error"]["param"] == param


async def test_bad_queries_bodies_and_too_many_are_told_apart(setting: Setting) -> None:
    api, made = setting.ann.api, await setting.add()
    where = f"{BASE}/{made['id']}"
    queries = {"limit": "0", "status": "late", "cursor": "x", "endpoint_id": "x", "created_after": "noon"}
    for name, value in queries.items():
        answer = await api.get(f"{BASE}/deliveries", params={name: value})
        assert answer.status_code == 422
        assert answer.json()["error"]["param"] == name
    assert code(await api.post(f"{where}/redeliver", json={}), 422) == "missing_field"
    assert code(await api.post(f"{where}/redeliver", json={"since": "yesterday"}), 422) == "invalid_time"
    assert (
        code(await api.post(f"{where}/rotate-secret", json={"overlap_hours": -1}), 422) == "invalid_overlap"
    )
    assert code(await api.patch(where, json={"enabled": "yes"}), 422) == "invalid_enabled"
    assert code(await api.post(BASE, content=b"{"), 400) == "invalid_json"
    for _ in range(2):
        await setting.add()
    answer = await api.post(BASE, json={"url": setting.receiver.url()})
    assert code(answer, 409) == "too_many_endpoints"


async def test_another_accounts_ids_answer_exactly_like_a_random_one(setting: Setting) -> None:
    theirs = await setting.add(customer=setting.bob)
    delivery = (await setting.bob.api.post(f"{BASE}/{theirs['id']}/test")).json()["id"]
    listener = (await setting.bob.api.post(f"{BASE}/listeners")).json()["id"]
    routes = [
        ("GET", "", theirs["id"]),
        ("PATCH", "", theirs["id"]),
        ("DELETE", "", theirs["id"]),
        ("POST", "/rotate-secret", theirs["id"]),
        ("POST", "/test", theirs["id"]),
        ("POST", "/redeliver", theirs["id"]),
        ("GET", "", f"deliveries/{delivery}"),
        ("POST", "/redeliver", f"deliveries/{delivery}"),
        ("POST", "/poll", f"listeners/{listener}"),
        ("DELETE", "", f"listeners/{listener}"),
    ]
    for method, suffix, real in routes:
        prefix, _, name = real.rpartition("/")
        random = to_text(name[: name.index("_") + 1], uuid7())
        answers = []
        for each in (name, random, "nonsense"):
            path = "/".join(part for part in (BASE, prefix, each) if part) + suffix
            answer = await setting.ann.api.request(method, path)
            error = answer.json()["error"]
            answers.append((answer.status_code, error["code"], error["type"]))
        assert len(set(answers)) == 1, (method, real, answers)
        assert answers[0][0] == 404
    mine = await setting.ann.api.get(f"{BASE}/deliveries", params={"endpoint_id": theirs["id"]})
    assert mine.json()["data"] == []
    assert (await setting.bob.api.get(f"{BASE}/{theirs['id']}")).json()["enabled"] is True


async def test_a_listener_fetches_what_happens_and_is_not_told_twice(setting: Setting) -> None:
    api = setting.ann.api
    listener = (await api.post(f"{BASE}/listeners", json={"events": ["task.succeeded"]})).json()
    poll = f"{BASE}/listeners/{listener['id']}/poll"
    assert (await api.post(poll)).json()["data"] == []
    message = await setting.say(setting.ann)
    await setting.say(setting.ann, type="task.failed")
    await setting.say(setting.bob)
    for _ in range(2):
        [event] = (await api.post(poll, json={"wait": 5})).json()["data"]
        assert event["payload"]["data"] == message.data
    assert (await api.post(poll, json={"acknowledge": [event["delivery_id"]]})).json()["data"] == []
    assert (await api.get(BASE)).json()["data"] == [], "it is no endpoint"
    assert (await api.delete(f"{BASE}/listeners/{listener['id']}")).status_code == 204
    assert code(await api.post(poll), 404) == "listener_not_found"
    assert code(await api.post(f"{BASE}/listeners", json={"events": 7}), 422) == "invalid_events"
    assert code(
        await api.post(poll.replace(listener["id"], to_text("wh_", uuid7())), json={"wait": 99}), 422
    ) == ("invalid_wait")


async def test_the_owner_says_when_few_credits_are_few(setting: Setting) -> None:
    api, where = setting.ann.api, f"{BASE}/notices"
    assert (await api.get(where)).json() == {"object": "webhook_notices", "credits_low": None}
    assert (await api.put(where, json={"credits_low": 12.25})).json()["credits_low"] == 12.25
    assert (await api.get(where)).json()["credits_low"] == 12.25
    micro = "SELECT credits_low_micro FROM accounts WHERE id = $1"
    assert await setting.world.db.pool.fetchval(micro, setting.ann.id) == 12_250_000
    for bad in ({"credits_low": 0}, {"credits_low": "x"}, {"credits_low": 1e-9}, {}, {"low": 1}):
        assert (await api.put(where, json=bad)).status_code == 422, bad
    assert (await api.put(where, json={"credits_low": None})).json()["credits_low"] is None


async def test_when_callbacks_is_away_the_answer_is_503_and_without_it_too(
    world: World, setting: Setting
) -> None:
    client = InternalClient("callbacks", "http://127.0.0.1:1", TOKEN)
    rates, follow = RateStore("memory://"), FollowTasks(world.db, 1)
    objects = Objects(store_address(world.settings))
    for asked, expected in ((client, "unavailable"), (None, "webhooks_unavailable")):
        app = make_app(
            world.settings, world.db, Outbox("gateway"), follow, objects, rates, Others(callbacks=asked)
        )
        answer = await world.client(setting.ann.key, app).get(BASE)
        assert code(answer, 503) == expected


async def test_internal_routes_are_not_for_strangers(setting: Setting) -> None:
    async with (
        callbacks_beside(setting.callbacks_db, ()) as url,
        httpx.AsyncClient(trust_env=False) as stranger,
    ):
        answer = await stranger.get(f"{url}/internal/accounts/{setting.ann.id}/webhooks")
        assert answer.status_code == 401
