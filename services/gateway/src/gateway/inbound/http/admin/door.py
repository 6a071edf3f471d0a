"""What the operator's routes share: who may use them, ids in paths and queries, pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import from_text, to_text
from starlette.requests import Request
from starlette.responses import Response

from gateway.db.audit import Actor
from gateway.db.keys import Caller
from gateway.domain import cursors
from gateway.domain.problem import Problem
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.query import Query
from gateway.usecases.create_account import ACCOUNT

PATH = "/api/v1/admin"
MOST_PER_PAGE, PER_PAGE = 200, 50
_ADMIN = "admin"
_EVERYWHERE = UUID(int=0)
_CURSOR_FAULT = "is not a cursor of this list: take `next_cursor` as it came, with the same filters"


@dataclass(frozen=True, slots=True)
class Door:
    """Lets admin keys in; `secret` signs the cursors."""

    admit: Admit
    secret: bytes

    async def __call__(self, request: Request) -> Caller:
        """The operator. Raises Problem 401, 403, 429."""
        caller = await self.admit(request)
        if caller.role != _ADMIN:
            raise Problem(403, "admin_required", "This takes a key of an operator's account.")
        return caller

    def after(self, query: Query, filters: str) -> UUID | None:
        """Where the page begins, by the parameter `cursor`."""
        read = partial(cursors.decode, account_id=_EVERYWHERE, filters=filters, secret=self.secret)
        return query.check("cursor", query.text("cursor"), read, _CURSOR_FAULT)

    def page(
        self,
        rows: Sequence[Mapping[str, Any]],
        limit: int,
        filters: str,
        write: Callable[[Mapping[str, Any]], Any],
        key: str = "id",
    ) -> Response:
        """A page of `limit` from rows of which one more was asked for."""
        shown, following = rows[:limit], None
        if len(rows) > limit:
            last = shown[-1][key]
            following = self.cursor(last if isinstance(last, UUID) else UUID(last), filters)
        return self.listed([write(row) for row in shown], following)

    def cursor(self, last: UUID, filters: str) -> str:
        """What leads on after a row."""
        return cursors.encode(last, _EVERYWHERE, filters, self.secret)

    def listed(self, data: Sequence[Any], following: str | None) -> Response:
        """A list that is read by pages."""
        more = following is not None
        return json({"object": "list", "data": data, "has_more": more, "next_cursor": following})


def limit_of(query: Query) -> int:
    """The parameter `limit`."""
    return query.whole("limit", PER_PAGE, 1, MOST_PER_PAGE)


def actor(caller: Caller) -> Actor:
    """The operator, for the audit log."""
    return Actor(to_text("key_", caller.key_id), caller.account_id)


def account_text(account_id: UUID) -> str:
    """An account's id as the API shows it."""
    return to_text(ACCOUNT, account_id)


def account_from(text: str) -> UUID | None:
    """The account behind `acct_…` or a UUID, as logs and the services' own commands show it."""
    return from_text(ACCOUNT, text) or uuid_from(text)


def uuid_from(text: str) -> UUID | None:
    """A UUID, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def account_parameter(query: Query) -> UUID | None:
    """The parameter `account`."""
    return query.check("account", query.text("account"), account_from, "is not the id of an account")


def account_of(request: Request) -> UUID:
    """The account that the path names. Raises Problem 404 for what can't be one."""
    account_id = account_from(request.path_params["account_id"])
    if account_id is None:
        raise no_account(request)
    return account_id


def no_account(request: Request) -> Problem:
    """There is no such account."""
    text = request.path_params["account_id"][:100]
    return Problem(404, "account_not_found", f"There is no account {text!r}.", param="account_id")


def json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that nobody may keep."""
    told = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(value), status, told, media_type="application/json")
