"""Change or delete an endpoint."""

from dataclasses import replace
from uuid import UUID

from runtime.db import Database

from callbacks.db import endpoints
from callbacks.domain.endpoint import Endpoint
from callbacks.domain.requests import EndpointWish
from callbacks.usecases.create_endpoint import Judge, check_address


async def change_endpoint(
    db: Database, judge: Judge, account_id: UUID, endpoint_id: UUID, wish: EndpointWish
) -> Endpoint | None:
    """The endpoint as it is now; None when there is none. Enabling forgets that it failed."""
    if wish.url is not None:
        await check_address(judge, wish.url)
    async with db.transaction() as tx:
        known = await endpoints.find(tx, account_id, endpoint_id)
        if known is None:
            return None
        changed = replace(
            known,
            url=known.url if wish.url is None else wish.url,
            description=known.description if wish.description is None else wish.description,
            events=known.events if wish.events is None else wish.events,
        )
        enabled = known.disabled_at is None if wish.enabled is None else wish.enabled
        await endpoints.update(tx, changed, enabled=enabled)
        return await endpoints.find(tx, account_id, endpoint_id)


async def delete_endpoint(db: Database, account_id: UUID, endpoint_id: UUID) -> bool:
    """What waits for it is given up; False when there is none."""
    async with db.transaction() as tx:
        return await endpoints.delete(tx, account_id, endpoint_id)
