"""OpenAI's webhooks: endpoints registered per project, signed as Standard Webhooks (providers.md 1.4)."""

import hmac
import secrets
import time
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from simulator.jobs import Job
from simulator.openai_shape import Fields, authenticate, fields, invalid
from simulator.web import ProviderError, reply
from simulator.webhooks import CallbackSender, Notice
from starlette.requests import Request
from starlette.responses import Response

EVENTS = ("video.completed", "video.failed")
"""Of all events those that this simulator has occasion for; the others can be subscribed to."""
_OTHERS = ("batch.", "response.", "fine_tuning.job.", "eval.run.", "realtime.call.")
RETRIES = 5


def _new_secret() -> str:
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


@dataclass(slots=True)
class Endpoint:
    """A registered address and its signing secret."""

    url: str
    name: str
    event_types: list[str]
    id: str = field(default_factory=lambda: f"whe_{uuid.uuid4().hex}")
    secret: str = field(default_factory=_new_secret)
    created_at: int = field(default_factory=lambda: int(time.time()))
    updated_at: int = field(default_factory=lambda: int(time.time()))

    def document(self, *, with_secret: bool = False) -> dict[str, Any]:
        """The object; its secret is told only when it is made."""
        shown = {"signing_secret": self.secret} if with_secret else {}
        return {
            "id": self.id, "object": "webhook_endpoint", "created_at": self.created_at,
            "updated_at": self.updated_at, "event_types": self.event_types, "name": self.name,
            "url": self.url, "signing_secret_hint": f"whsec_…{self.secret[-4:]}", **shown,
        }  # fmt: skip


class Webhooks:
    """The endpoints, and what is sent to them. They are forgotten when the process ends."""

    def __init__(self, sender: CallbackSender) -> None:
        self._sender = sender
        self._endpoints: dict[str, Endpoint] = {}

    def clear(self) -> None:
        """Forget every endpoint."""
        self._endpoints.clear()

    def announce(self, job: Job) -> list[Notice]:
        """A final video is told to every endpoint that wants to hear of it."""
        if job.params["kind"] != "video" or not job.final:
            return []
        kind = "video.completed" if job.state == "succeeded" else "video.failed"
        wanted = [each for each in self._endpoints.values() if kind in each.event_types]
        return [_notice(each, kind, job.id) for each in wanted]

    async def create(self, request: Request) -> Response:
        """POST /webhook_endpoints."""
        authenticate(request)
        given = await fields(request)
        given.only(("event_types", "name", "url"))
        endpoint = Endpoint(_url(given), given.text("name"), _event_types(given))
        self._endpoints[endpoint.id] = endpoint
        return reply(endpoint.document(with_secret=True))

    async def list(self, request: Request) -> Response:
        """GET /webhook_endpoints."""
        authenticate(request)
        data = [each.document() for each in self._endpoints.values()]
        ids = {"first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
        return reply({"object": "list", "data": data, **ids, "has_more": False})

    async def get(self, request: Request) -> Response:
        """GET /webhook_endpoints/{id}."""
        authenticate(request)
        return reply(self._find(request).document())

    async def update(self, request: Request) -> Response:
        """POST /webhook_endpoints/{id}."""
        authenticate(request)
        endpoint, given = self._find(request), await fields(request)
        given.only(("event_types", "name", "url"))
        endpoint.name = given.text("name", endpoint.name)
        endpoint.url = _url(given) if "url" in given.given else endpoint.url
        endpoint.event_types = _event_types(given) if "event_types" in given.given else endpoint.event_types
        endpoint.updated_at = int(time.time())
        return reply(endpoint.document())

    async def delete(self, request: Request) -> Response:
        """DELETE /webhook_endpoints/{id}."""
        authenticate(request)
        endpoint = self._find(request)
        del self._endpoints[endpoint.id]
        return reply({"id": endpoint.id, "object": "webhook_endpoint.deleted", "deleted": True})

    async def rotate(self, request: Request) -> Response:
        """POST /webhook_endpoints/{id}/rotate_secret."""
        authenticate(request)
        endpoint = self._find(request)
        endpoint.secret, endpoint.updated_at = _new_secret(), int(time.time())
        return reply(endpoint.document(with_secret=True))

    async def test(self, request: Request) -> Response:
        """POST /webhook_endpoints/{id}/test: an event with an id that never was."""
        authenticate(request)
        endpoint, given = self._find(request), await fields(request)
        kind = given.choice("event_type", endpoint.event_types, endpoint.event_types[0])
        status = await self._sender.send(_notice(endpoint, kind, "video_test"))
        return reply({"object": "webhook_endpoint.test", "event_type": kind, "status_code": status})

    def _find(self, request: Request) -> Endpoint:
        endpoint_id = request.path_params["id"]
        if endpoint_id not in self._endpoints:
            text = f"No webhook endpoint found with id '{endpoint_id}'."
            raise ProviderError(404, "not_found", text, param="webhook_endpoint_id")
        return self._endpoints[endpoint_id]


def _notice(endpoint: Endpoint, kind: str, video_id: str) -> Notice:
    webhook_id = f"wh_{uuid.uuid4().hex}"
    event = {
        "id": f"evt_{uuid.uuid4().hex}", "object": "event", "created_at": int(time.time()), "type": kind,
        "data": {"id": video_id},
    }  # fmt: skip
    body = orjson.dumps(event)

    def headers(now: float) -> dict[str, str]:
        signed = f"{webhook_id}.{int(now)}.".encode() + body
        key = b64decode(endpoint.secret.removeprefix("whsec_"))
        signature = b64encode(hmac.digest(key, signed, sha256)).decode()
        return {
            "webhook-id": webhook_id, "webhook-timestamp": str(int(now)),
            "webhook-signature": f"v1,{signature}", "user-agent": "OpenAI/1.0 (+https://platform.openai.com)",
        }  # fmt: skip

    return Notice(endpoint.url, body, RETRIES, headers)


def _url(given: Fields) -> str:
    url = given.text("url")
    if not url.startswith(("http://", "https://")):
        raise invalid("url", "Invalid 'url': expected an http or https address.")
    return url


def _event_types(given: Fields) -> list[str]:
    value = given.given.get("event_types")
    if not isinstance(value, list) or not value:
        raise invalid("event_types", "Invalid 'event_types': expected a non-empty array.", "invalid_type")
    for each in value:
        if each not in EVENTS and not (isinstance(each, str) and each.startswith(_OTHERS)):
            raise invalid("event_types", f"Invalid value: '{each}'.")
    return value
