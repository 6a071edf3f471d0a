"""Revoke links to a task's results: the files stay the owner's, the addresses are dead for good."""

from uuid import UUID

import structlog
from runtime.db import Database

from gateway.db import links

log = structlog.get_logger()


class RevokeLinks:
    """The gateway's rows are all there is to it; caches ask again when their time is over."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, account_id: UUID, task_id: UUID, token: str | None = None) -> int | None:
        """Revoke one or all; how many are dead by now of those. None if the task has no such link."""
        revoked = await links.revoke(self._db.pool, account_id, task_id, token)
        if token is not None and revoked == 0:
            return None
        log.info("links_revoked", task_id=str(task_id), account_id=str(account_id), links=revoked)
        return revoked
