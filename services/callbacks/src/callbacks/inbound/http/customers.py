"""What the gateway asks about an account's webhooks: `/internal/accounts/{account}/webhooks…`.

Bodies and answers are those of the public API; ids in paths are UUIDs, which the gateway has read.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import from_text, task_from_text
from runtime.db import Database
from runtime.internal import InternalRoutes, Refusal, answer, body_of
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbacks.db import delivery_log, endpoints
from callbacks.db.delivery_log import Filter
from callbacks.domain import documents, requests, signing
from callbacks.domain.endpoint import Endpoint
from callbacks.domain.news import DELIVERY, ENDPOINT, delivery_text
from callbacks.domain.requests import InvalidRequest
from callbacks.usecases.change_endpoint import change_endpoint, delete_endpoint
from callbacks.usecases.create_endpoint import Judge, TooManyEndpoints, create_endpoint
from callbacks.usecases.redeliver import redeliver, redeliver_range, send_test

_BASE = "/accounts/{account:uuid}/webhooks"
Answering = Callable[[Request], Awaitable[Response]]


class Customers:
    """The routes about endpoints, their secrets and the delivery log."""

    def __init__(
        self, db: Database, judge: Judge, signing_key: bytes, *, max_endpoints: int, rotation_seconds: float
    ) -> None:
        self._db, self._judge, self._signing_key = db, judge, signing_key
        self._max_endpoints, self._rotation = max_endpoints, rotation_seconds

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them; paths without parameters come first."""
        one, delivery = f"{_BASE}/{{id:uuid}}", f"{_BASE}/deliveries/{{id:uuid}}"
        table: list[tuple[str, str, Answering]] = [
            ("GET", _BASE, self.page),
            ("POST", _BASE, self.create),
            ("GET", f"{_BASE}/default-secret", self.default_secret),
            ("POST", f"{_BASE}/default-secret/rotate", self.rotate_default),
            ("GET", f"{_BASE}/deliveries", self.deliveries),
            ("GET", delivery, self.delivery),
            ("POST", f"{delivery}/redeliver", self.redeliver),
            ("GET", one, self.document),
            ("PATCH", one, self.change),
            ("DELETE", one, self.delete),
            ("POST", f"{one}/rotate-secret", self.rotate),
            ("POST", f"{one}/test", self.test),
            ("POST", f"{one}/redeliver", self.redeliver_range),
        ]
        return [internal.route(method, path, _guarded(endpoint)) for method, path, endpoint in table]

    async def page(self, request: Request) -> Response:
        """All endpoints, oldest first."""
        found = await endpoints.page(self._db.pool, _account(request))
        return answer({"object": "list", "data": [documents.endpoint(each) for each in found]})

    async def create(self, request: Request) -> Response:
        """A new endpoint with its secret."""
        wish = requests.endpoint_wish(await _body(request), new=True)
        try:
            made = await create_endpoint(
                self._db, self._judge, _account(request), wish, limit=self._max_endpoints
            )
        except TooManyEndpoints:
            message = f"An account has at most {self._max_endpoints} endpoints. Delete one first."
            raise Refusal(409, "too_many_endpoints", message) from None
        secret = signing.secret_text(signing.derive(self._signing_key, made.id, 1))
        return answer(documents.endpoint(made) | {"secret": secret}, 201)

    async def document(self, request: Request) -> Response:
        """An endpoint."""
        return answer(documents.endpoint(await self._endpoint(request)))

    async def change(self, request: Request) -> Response:
        """Change what was said of it."""
        wish = requests.endpoint_wish(await _body(request), new=False)
        changed = await change_endpoint(self._db, self._judge, _account(request), _id(request), wish)
        if changed is None:
            raise _not_found("webhook_not_found")
        return answer(documents.endpoint(changed))

    async def delete(self, request: Request) -> Response:
        """Delete it."""
        if not await delete_endpoint(self._db, _account(request), _id(request)):
            raise _not_found("webhook_not_found")
        return Response(status_code=204)

    async def rotate(self, request: Request) -> Response:
        """The next secret; the one before stays valid for a while."""
        endpoint = await self._endpoint(request)
        secret = await self._rotated(request, endpoint.id)
        return answer(documents.endpoint(await self._endpoint(request)) | {"secret": secret})

    async def default_secret(self, request: Request) -> Response:
        """What is known of the secret that signs what tasks asked to send, without the secret."""
        return answer(await self._default(_account(request)))

    async def rotate_default(self, request: Request) -> Response:
        """The next of those secrets: the way to be shown one."""
        secret = await self._rotated(request, _account(request))
        return answer(await self._default(_account(request)) | {"secret": secret})

    async def test(self, request: Request) -> Response:
        """Send a test event."""
        endpoint = await self._endpoint(request)
        if endpoint.disabled_at is not None:
            raise Refusal(409, "endpoint_disabled", "This endpoint is disabled. Enable it first.")
        delivery_id = await send_test(self._db, endpoint.account_id, endpoint.id)
        return answer(await self._delivery(endpoint.account_id, delivery_id), 202)

    async def deliveries(self, request: Request) -> Response:
        """A page of the log, newest first."""
        wanted = requests.page(request.query_params)
        found = await delivery_log.page(self._db.pool, _account(request), _filter(wanted), wanted.limit + 1)
        shown = [documents.delivery(row) for row in found[: wanted.limit]]
        more = len(found) > wanted.limit
        return answer({"object": "list", "data": shown, "next_cursor": shown[-1]["id"] if more else None})

    async def delivery(self, request: Request) -> Response:
        """A delivery with its attempts."""
        row = await delivery_log.find(self._db.pool, _account(request), _id(request))
        if row is None:
            raise _not_found("delivery_not_found")
        return answer(documents.delivery_in_full(row, await delivery_log.attempts(self._db.pool, row["id"])))

    async def redeliver(self, request: Request) -> Response:
        """Deliver again."""
        account, delivery_id = _account(request), _id(request)
        row = await delivery_log.find(self._db.pool, account, delivery_id)
        if row is None:
            raise _not_found("delivery_not_found")
        if row["data"] is None:
            raise Refusal(409, "content_deleted", "The task was deleted: there is nothing to send any more.")
        await redeliver(self._db, account, delivery_id)
        return answer(await self._delivery(account, delivery_id), 202)

    async def redeliver_range(self, request: Request) -> Response:
        """Deliver a time range again."""
        endpoint = await self._endpoint(request)
        wanted = requests.time_range(await _body(request))
        count = await redeliver_range(self._db, endpoint.account_id, endpoint.id, wanted)
        return answer({"object": "webhook_redelivery", "redelivered": count}, 202)

    async def _endpoint(self, request: Request) -> Endpoint:
        found = await endpoints.find(self._db.pool, _account(request), _id(request))
        if found is None:
            raise _not_found("webhook_not_found")
        return found

    async def _delivery(self, account_id: UUID, delivery_id: UUID) -> dict[str, Any]:
        row = await delivery_log.find(self._db.pool, account_id, delivery_id)
        assert row is not None, f"{delivery_text(delivery_id)} was there a moment ago"
        return documents.delivery(row)

    async def _rotated(self, request: Request, owner_id: UUID) -> str:
        overlap = requests.overlap_seconds(await _body(request), self._rotation)
        async with self._db.transaction() as tx:
            row = await endpoints.rotate(tx, owner_id, overlap)
        return signing.secret_text(signing.derive(self._signing_key, owner_id, row["generation"]))

    async def _default(self, account_id: UUID) -> dict[str, Any]:
        return documents.default_secret(await endpoints.secret(self._db.pool, account_id))


def _guarded(endpoint: Answering) -> Answering:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except InvalidRequest as fault:
            raise Refusal(422, fault.code, fault.message, fault.param) from None

    return guarded


def _account(request: Request) -> UUID:
    account: UUID = request.path_params["account"]
    return account


def _id(request: Request) -> UUID:
    found: UUID = request.path_params["id"]
    return found


async def _body(request: Request) -> Any:
    raw = await body_of(request)
    return orjson.loads(raw) if raw else None


def _filter(wanted: requests.Page) -> Filter:
    return Filter(
        before=_read(wanted.cursor, DELIVERY, "cursor"),
        state=wanted.state,
        type=wanted.type,
        endpoint_id=_read(wanted.endpoint, ENDPOINT, "endpoint_id"),
        task_id=_task(wanted.task),
        since=wanted.after,
        until=wanted.before,
    )


def _read(text: str | None, prefix: str, name: str) -> UUID | None:
    if text is None:
        return None
    if (found := from_text(prefix, text)) is None:
        raise InvalidRequest(f"invalid_{name}", f"`{name}` is an id that begins with {prefix}.", name)
    return found


def _task(text: str | None) -> UUID | None:
    if text is None:
        return None
    if (found := task_from_text(text)) is None:
        raise InvalidRequest("invalid_task_id", "`task_id` is an id that begins with task_.", "task_id")
    return found


def _not_found(code: str) -> Refusal:
    return Refusal(404, code, "There is nothing of this id.", "id")
