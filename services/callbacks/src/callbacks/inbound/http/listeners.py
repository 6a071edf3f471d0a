"""What `framebus listen` asks, through the gateway: `/internal/accounts/{account}/webhooks/listeners…`."""

from typing import Any
from uuid import UUID

import orjson
from contracts.ids import from_text
from runtime.db import Database
from runtime.internal import InternalRoutes, Refusal, answer, body_of
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbacks.domain import signing
from callbacks.domain.news import DELIVERY, delivery_text, endpoint_text, event_text, payload
from callbacks.domain.requests import InvalidRequest, event_filter
from callbacks.usecases.listen import LONGEST_WAIT, Poll, TooManyListeners, listen, poll, stop_listening

_BASE = "/accounts/{account:uuid}/webhooks/listeners"
_MOST_ACKNOWLEDGED = 200


class Listeners:
    """The routes about listeners."""

    def __init__(self, db: Database, signing_key: bytes) -> None:
        self._db, self._signing_key = db, signing_key

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them."""
        one = f"{_BASE}/{{id:uuid}}"
        return [
            internal.route("POST", _BASE, self.create),
            internal.route("POST", f"{one}/poll", self.poll),
            internal.route("DELETE", one, self.delete),
        ]

    async def create(self, request: Request) -> Response:
        """Begin to listen; the secret signs what is forwarded."""
        body = await _object(request, {"events"})
        try:
            events = event_filter(body.get("events", []))
            listener = await listen(self._db, request.path_params["account"], events)
        except InvalidRequest as fault:
            raise Refusal(422, fault.code, fault.message, fault.param) from None
        except TooManyListeners:
            message = "Too many listen already. One that stops asking ends after ten minutes."
            raise Refusal(409, "too_many_listeners", message) from None
        secret = signing.secret_text(signing.derive(self._signing_key, listener, 1))
        made = {"object": "webhook_listener", "id": endpoint_text(listener), "events": list(events)}
        return answer(made | {"secret": secret}, 201)

    async def poll(self, request: Request) -> Response:
        """Acknowledge what came, and wait for what is new."""
        body = await _object(request, {"acknowledge", "wait"})
        asked = Poll(_deliveries(body.get("acknowledge", [])), _wait(body.get("wait", 0)))
        news = await poll(self._db, request.path_params["account"], request.path_params["id"], asked)
        if news is None:
            raise _not_found()
        return answer({"object": "list", "data": [_shown(row) for row in news]})

    async def delete(self, request: Request) -> Response:
        """Stop listening."""
        if not await stop_listening(self._db, request.path_params["account"], request.path_params["id"]):
            raise _not_found()
        return Response(status_code=204)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "object": "webhook_event",
        "delivery_id": delivery_text(row["id"]),
        "event_id": event_text(row["message_id"]),
        "payload": payload(row["type"], row["at"], row["data"]),
    }


async def _object(request: Request, known: set[str]) -> dict[str, Any]:
    raw = await body_of(request)
    body = orjson.loads(raw) if raw else {}
    if not isinstance(body, dict) or body.keys() - known:
        raise Refusal(422, "invalid_body", f"The body is an object of {', '.join(sorted(known))}.")
    return body


def _deliveries(value: Any) -> list[UUID]:
    texts = value if isinstance(value, list) else [None]
    found = [from_text(DELIVERY, each) if isinstance(each, str) else None for each in texts]
    ids = [each for each in found if each is not None]
    if len(ids) < len(texts) or len(ids) > _MOST_ACKNOWLEDGED:
        message = f"`acknowledge` is a list of at most {_MOST_ACKNOWLEDGED} delivery ids."
        raise Refusal(422, "invalid_acknowledge", message, "acknowledge")
    return ids


def _wait(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_WAIT:
        message = f"`wait` is a number of seconds from 0 to {LONGEST_WAIT:.0f}."
        raise Refusal(422, "invalid_wait", message, "wait")
    return float(value)


def _not_found() -> Refusal:
    return Refusal(404, "listener_not_found", "Nobody listens under this id, or stopped asking.", "id")
