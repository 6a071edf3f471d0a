"""`GET /api/v1/webhooks/deliveries`: the log of deliveries, which callbacks owns; its cursors are ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import from_text, to_text
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain import cursors
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.openapi import webhooks as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.task_reader import json_response
from gateway.outbound.callbacks import Callbacks

PATH = "/api/v1/webhooks/deliveries"
DELIVERY = "whd_"
_CURSOR_FAULT = "is not a cursor of this list: take `next_cursor` as it came, with the same filters"


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """The log; `secret` signs its cursors."""

    admit: Admit
    callbacks: Callbacks
    secret: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", PATH, self.__call__, described.deliveries())]

    async def __call__(self, request: Request) -> Response:
        """A page, newest first. Raises Problem 422, 503."""
        caller = await self.admit(request, "read")
        query = Query(request)
        params = {name: value for name in _OTHERS if (value := query.text(name)) is not None}
        filters = _filters(params)
        read = partial(cursors.decode, account_id=caller.account_id, filters=filters, secret=self.secret)
        after = query.check("cursor", query.text("cursor"), read, _CURSOR_FAULT)
        query.finish()
        if after is not None:
            params["cursor"] = to_text(DELIVERY, after)
        page = await self.callbacks.ask(caller.account_id, "GET", "/deliveries", params=params)
        following = self._following(page["next_cursor"], caller.account_id, filters)
        return json_response(orjson.dumps(page | {"next_cursor": following}))

    def _following(self, given: str | None, account_id: UUID, filters: str) -> str | None:
        last = None if given is None else from_text(DELIVERY, given)
        return None if last is None else cursors.encode(last, account_id, filters, self.secret)


_OTHERS = [name for name in described.DELIVERY_QUERIES if name != "cursor"]


def _filters(params: Mapping[str, Any]) -> str:
    """Text that tells one log from another."""
    told = {name: value for name, value in params.items() if name != "limit"}
    return f"deliveries {orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()}"
