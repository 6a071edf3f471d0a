"""Asking callbacks about an account's webhooks."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from runtime.internal import InternalClient

from gateway.domain.problem import Problem
from gateway.outbound.owner import Owner

TIMEOUT_SECONDS = 30.0  # a listener waits for its news


class Callbacks:
    """The service that sends webhooks; `client` None: this deployment has none."""

    def __init__(self, client: InternalClient | None) -> None:
        self._owner = None if client is None else Owner("callbacks", client)

    async def ask(
        self,
        account_id: UUID,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Its answer to `path` below the account's webhooks. Raises Problem."""
        if self._owner is None:
            raise Problem(503, "webhooks_unavailable", "This deployment sends no webhooks.")
        full = f"/accounts/{account_id}/webhooks{path}"
        return await self._owner.ask(method, full, params=params, body=body)
