"""Add an endpoint; its secret is told once, with the answer."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from contracts.ids import uuid7
from runtime.db import Database

from callbacks.db import endpoints
from callbacks.domain.endpoint import Endpoint
from callbacks.domain.requests import EndpointWish, InvalidRequest

Judge = Callable[[str], Awaitable[str | None]]
"""Why an address would not be called, or None."""


class TooManyEndpoints(Exception):
    """The account has as many as it may have."""


async def create_endpoint(
    db: Database, judge: Judge, account_id: UUID, wish: EndpointWish, *, limit: int
) -> Endpoint:
    """Raises TooManyEndpoints, and InvalidRequest for an address that would never be called."""
    assert wish.url is not None, "a wish for a new one has it"
    await check_address(judge, wish.url)
    endpoint_id = uuid7()
    async with db.transaction() as tx:
        if await endpoints.count(tx, account_id) >= limit:
            raise TooManyEndpoints
        await endpoints.insert(
            tx, endpoint_id, account_id, wish.url, wish.description or "", wish.events or ()
        )
        made = await endpoints.find(tx, account_id, endpoint_id)
    assert made is not None, "it was just made"
    return made


async def check_address(judge: Judge, url: str) -> None:
    """Refuse an address that would never be called; it is judged again at each attempt."""
    if why := await judge(url):
        raise InvalidRequest("url_refused", f"This address can't be called: {why}.", "url")
