"""Who sent a webhook: our token in its address, or the provider's signature; forged ones are turned away."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from callback_addresses import OLD_SECRET, SECRET, Address
from callbacks.app import SERVICE, http_app, reception
from callbacks.outbound.key_sets import KeySets
from callbacks.settings import Settings
from callbacks.usecases import provider_keys, receive_webhook
from callbacks.usecases.provider_keys import ProviderKeys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from providers import adapter as registry
from providers import tokens
from providers.basics import Basics
from providers.webhook import Proof, WebhookHint
from pydantic import SecretStr, ValidationError
from receiver import Plan, Receiver
from runtime.db import Database
from runtime.outbox.recorder import Outbox
from standardwebhooks import Webhook

KEYS = ["whsec_" + "QUJD" * 8, "whsec_" + "REVG" * 8]
BODY = json.dumps({"id": "evt_1", "object": "event", "type": "video.completed", "data": {"id": "video_7"}})
WIDE = "/api/v1/video/callback/openai"


def signed(body: str = BODY, key: str = KEYS[0], *, age: float = 0, name: str = "wh_1") -> dict[str, str]:
    """As OpenAI signs: by the official library."""
    at = datetime.now(UTC) - timedelta(seconds=age)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(name, at, body),
    }


def client_of(settings: Settings, db: Database, fetch: Any) -> httpx.AsyncClient:
    app = http_app(reception(settings, db, Outbox(SERVICE), fetch))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://callbacks"
    )


@pytest.fixture
async def keyed(settings: Settings, db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A service that has OpenAI's keys, two while one is rotated out."""
    keys = {"openai": [SecretStr(key) for key in KEYS]}
    async with client_of(settings.model_copy(update={"webhook_keys": keys}), db, None) as made:
        yield made


async def said(db: Database) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.pool.fetch("SELECT key, subject, value FROM outbox ORDER BY id")]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")


FORGED: dict[str, Callable[[], tuple[dict[str, str], str]]] = {
    "unsigned": lambda: ({}, BODY),
    "another key": lambda: (signed(key="whsec_" + "R0hJ" * 8), BODY),
    "another body": lambda: (signed(), BODY.replace("video_7", "video_8")),
    "another id": lambda: (signed() | {"webhook-id": "wh_2"}, BODY),
    "too old": lambda: (signed(age=301), BODY),
    "from the future": lambda: (signed(age=-302), BODY),
    "no time": lambda: (signed() | {"webhook-timestamp": "now"}, BODY),
    "nonsense": lambda: (signed() | {"webhook-signature": "v1,=== v1a,x v1"}, BODY),
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_webhook_is_401_with_and_without_our_token(
    how: str, keyed: httpx.AsyncClient, db: Database
) -> None:
    headers, body = FORGED[how]()
    wide = f"{WIDE}?token={tokens.sign_endpoint(SECRET, 'openai')}"
    for url in (WIDE, wide, Address(provider="openai").url):
        assert code(await keyed.post(url, content=body, headers=headers)) == (401, "invalid_signature")
    assert await said(db) == []


async def test_a_signed_webhook_needs_no_token_and_is_said_with_the_providers_job_alone(
    keyed: httpx.AsyncClient, db: Database
) -> None:
    for key in KEYS:  # either secret; the second time it is a repeat
        assert (await keyed.post(WIDE, content=BODY, headers=signed(key=key))).status_code == 200
    [row] = await said(db)
    assert (row["key"], row["subject"]) == ("video_7", "video_7")
    named = {name: row["value"][name] for name in ("provider", "provider_job_id", "account_id", "task_id")}
    assert named == {"provider": "openai", "provider_job_id": "video_7", "account_id": None, "task_id": None}
    assert await db.pool.fetchval("SELECT signed FROM webhooks") is True


async def test_a_signed_webhook_at_an_attempts_address_still_needs_its_token(
    keyed: httpx.AsyncClient, db: Database
) -> None:
    address = Address(provider="openai")
    forged = replace(address, secret="stolen")
    assert code(await keyed.post(forged.url, content=BODY, headers=signed()))[1] == "invalid_token"
    assert (await keyed.post(address.url, content=BODY, headers=signed())).status_code == 200
    [row] = await said(db)
    assert row["value"]["task_id"] == str(address.task)


async def test_without_keys_the_endpoints_own_token_proves_the_address(
    client: httpx.AsyncClient, db: Database
) -> None:
    for secret in (SECRET, OLD_SECRET):
        url = f"{WIDE}?token={tokens.sign_endpoint(secret, 'openai')}"
        assert (await client.post(url, content=BODY)).status_code == 200
    assert len(await said(db)) == 1
    wrong = [
        "",
        "?token=",
        f"?token={tokens.sign_endpoint(SECRET, 'ark')}",
        f"?token={tokens.sign_endpoint('stolen', 'openai')}",
        f"?token={tokens.sign(SECRET, 'openai', uuid4(), uuid4(), 1)}",
        f"?task={uuid4()}&token={tokens.sign_endpoint(SECRET, 'openai')}",
    ]
    for query in wrong:
        assert code(await client.post(WIDE + query, content=BODY)) == (401, "invalid_token"), query
    assert len(await said(db)) == 1


async def test_a_webhook_that_names_neither_attempt_nor_job_is_kept_and_not_said(
    client: httpx.AsyncClient, db: Database
) -> None:
    url = f"{WIDE}?token={tokens.sign_endpoint(SECRET, 'openai')}"
    assert (await client.post(url, content=b"nonsense")).status_code == 200
    assert await db.pool.fetchval("SELECT count(*) FROM webhooks") == 1
    assert await said(db) == []


async def test_strangers_can_have_only_a_few_bodies_read_at_once(
    keyed: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_webhook, "MAX_UNPROVEN", 0)
    assert code(await keyed.post(WIDE, content=BODY, headers=signed())) == (503, "overloaded")
    url = f"{WIDE}?token={tokens.sign_endpoint(SECRET, 'openai')}"
    assert (await keyed.post(url, content=BODY, headers=signed())).status_code == 200


def test_keys_for_a_provider_that_signs_nothing_are_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"DATABASE_DSN": "postgresql://u:p@h/d", "KAFKA_BOOTSTRAP": "h:9", "SERVICE_TOKEN": "t"}
    for name, value in (values | {"CALLBACK_SECRETS": "a", "SIGNING_KEY": "k"}).items():
        monkeypatch.setenv(f"CALLBACKS_{name}", value)
    monkeypatch.setenv("CALLBACKS_WEBHOOK_KEYS", json.dumps({"openai": KEYS}))
    assert [key.get_secret_value() for key in Settings().webhook_keys["openai"]] == KEYS
    for name in ("ark", "nobody"):
        monkeypatch.setenv("CALLBACKS_WEBHOOK_KEYS", json.dumps({name: KEYS}))
        with pytest.raises(ValidationError):
            Settings()


class Published(Basics):
    """A protocol whose provider publishes its keys: the signature is a key's very text."""

    name = "published"
    capabilities = replace(registry.adapter("openai_videos").capabilities, signed_webhooks=True)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        del headers
        return WebhookHint(json.loads(body)["id"], final=True)

    def prove_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int
    ) -> Proof:
        del body, now_epoch_seconds
        if not keys:
            return "unsigned"
        return "signed" if headers.get("signature") in keys else "forged"


class KeySet:
    """What a provider publishes, and how often it was asked."""

    def __init__(self) -> None:
        self.text, self.asked = "old", 0

    async def __call__(self, url: str) -> str:
        assert url == "https://keys.example.com/jwks.json"
        self.asked += 1
        if not self.text:
            raise OSError
        return self.text


async def test_published_keys_are_fetched_once_and_again_when_they_have_changed(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: Any = Published()
    monkeypatch.setitem(registry._ADAPTERS, "published", spoken)
    keys = KeySet()
    changes = {
        "providers": {"published": "published"},
        "webhook_jwks": {"published": "https://keys.example.com/jwks.json"},
    }
    url = "/api/v1/video/callback/published"

    async def post(client: httpx.AsyncClient, number: int, signature: str) -> int:
        body = json.dumps({"id": f"job-{number}"})
        return (await client.post(url, content=body, headers={"signature": signature})).status_code

    async with client_of(settings.model_copy(update=changes), db, keys) as client:
        assert [await post(client, number, "old") for number in (1, 2)] == [200, 200]
        assert keys.asked == 1
        keys.text = "new"
        assert await post(client, 3, "new") == 401, "who knocks too soon isn't heard"
        monkeypatch.setattr(provider_keys, "PAUSE_SECONDS", 0.0)
        assert await post(client, 4, "new") == 200
        assert await post(client, 5, "old") == 401
    assert [row["value"]["provider_job_id"] for row in await said(db)] == ["job-1", "job-2", "job-4"]


async def test_keys_that_cannot_be_fetched_are_kept_for_a_day_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = KeySet()
    known = ProviderKeys({"p": ["given"]}, {"p": "https://keys.example.com/jwks.json"}, keys)
    assert await known.of("p") == ["given", "old"]
    keys.text = ""
    now = time.monotonic()
    monkeypatch.setattr(provider_keys, "time", SimpleNamespace(monotonic=lambda: now + 7200))
    assert await known.of("p") == ["given", "old"]
    assert keys.asked == 2
    monkeypatch.setattr(provider_keys, "time", SimpleNamespace(monotonic=lambda: now + 90_000))
    assert await known.of("p") == ["given"]


async def test_fals_signature_is_checked_with_the_keys_that_it_publishes(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    own = Ed25519PrivateKey.generate()
    public = urlsafe_b64encode(own.public_key().public_bytes_raw()).rstrip(b"=").decode()
    receiver.plan("/jwks.json", Plan(200, body=json.dumps({"keys": [{"kty": "OKP", "x": public}]}).encode()))
    key_sets = KeySets([receiver.address])
    changes = {"webhook_jwks": {"fal": receiver.url("/jwks.json")}}
    body = json.dumps({"request_id": "r-1", "status": "OK", "payload": {}}).encode()
    moment = str(int(time.time()))
    lines = "\n".join(["r-1", "user", moment, sha256(body).hexdigest()]).encode()
    named = {"request-id": "r-1", "user-id": "user", "timestamp": moment, "signature": own.sign(lines).hex()}
    headers = {f"x-fal-webhook-{name}": value for name, value in named.items()}
    url = Address(provider="fal").url
    async with client_of(settings.model_copy(update=changes), db, key_sets) as client:
        assert (await client.post(url, content=body, headers=headers)).status_code == 200
        assert code(await client.post(url, content=body + b" ", headers=headers))[1] == "invalid_signature"
        assert code(await client.post(url, content=body))[1] == "invalid_signature"
    await key_sets.stop()
    assert len(receiver.came) == 1, "the keys are kept"
