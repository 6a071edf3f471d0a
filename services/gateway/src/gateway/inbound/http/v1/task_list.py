"""`GET /api/v1/tasks`: an account's tasks by pages and filters, or several by their ids."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import task_from_text
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import task_lists
from gateway.db.task_lists import Filters
from gateway.domain import cursors
from gateway.domain.wishes import MOST_NAME, MOST_PAIRS
from gateway.inbound.http.openapi import task_list as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.submit import TASKS_PATH
from gateway.inbound.http.v1.task_reader import TaskReader, json_response

STATUSES = ("queued", "processing", "succeeded", "failed", "cancelled")
MOST_PER_PAGE, PER_PAGE, MOST_IDS = 100, 20, 100


@dataclass(frozen=True, slots=True)
class TaskList:
    """The list; `secret` signs its cursors."""

    reader: TaskReader
    secret: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", TASKS_PATH, self.__call__, described.listed())]

    async def __call__(self, request: Request) -> Response:
        """Answer by ids when they are given, else a page."""
        caller = await self.reader.admit(request)
        query = Query(request)
        ids = query.listed("ids", MOST_IDS)
        if ids is not None:
            query.finish()
            return await self._several(request, caller.account_id, list(dict.fromkeys(ids)))
        limit = query.whole("limit", PER_PAGE, 1, MOST_PER_PAGE)
        filters = _filters(query)
        text = filters.text()
        read = partial(cursors.decode, account_id=caller.account_id, filters=text, secret=self.secret)
        after = query.check("cursor", query.text("cursor"), read, _CURSOR_FAULT)
        query.finish()
        page = await task_lists.page(self.reader.db.pool, caller.account_id, filters, after, limit)
        following = None
        if page.after is not None:
            following = cursors.encode(page.after, caller.account_id, text, self.secret)
        documents = await self.reader.documents(request, caller.account_id, page.rows)
        return _answer(documents, has_more=following is not None, next_cursor=following)

    async def _several(self, request: Request, account_id: UUID, texts: list[str]) -> Response:
        ids = {text: task_id for text in texts if (task_id := task_from_text(text)) is not None}
        found = await task_lists.several(self.reader.db.pool, account_id, ids.values())
        rows = [found[task_id] for task_id in dict.fromkeys(ids.values()) if task_id in found]
        missing = [text for text in texts if ids.get(text) not in found]
        documents = await self.reader.documents(request, account_id, rows)
        return _answer(documents, has_more=False, next_cursor=None, not_found=missing)


_CURSOR_FAULT = "is not a cursor of this list: take `next_cursor` as it came, with the same filters"


def _filters(query: Query) -> Filters:
    test = query.flag("test")
    metadata = query.prefixed("metadata.")
    if len(metadata) > MOST_PAIRS or any(len(name) > MOST_NAME for name in metadata):
        query.check("metadata", "", lambda _: None, f"may be filtered by {MOST_PAIRS} entries")
    return Filters(
        statuses=query.choices("status", STATUSES),
        model=query.text("model"),
        created_after=query.time("created_after"),
        created_before=query.time("created_before"),
        metadata=metadata,
        asset=None if test is None else "test" if test else "credit",
    )


def _answer(documents: list[bytes], **rest: Any) -> Response:
    listed = {"object": "list", "data": [orjson.Fragment(each) for each in documents], **rest}
    return json_response(orjson.dumps(listed))
