"""Asking callbacks about an account's webhooks. Its refusals become problems as they are."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from runtime.internal import InternalClient, InternalError, Refusal

from gateway.domain.problem import Problem, unavailable

TIMEOUT_SECONDS = 30.0  # a listener waits for its news


class Callbacks:
    """The service that sends webhooks; `client` None: this deployment has none."""

    def __init__(self, client: InternalClient | None) -> None:
        self._client = client

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
        if self._client is None:
            raise Problem(503, "webhooks_unavailable", "This deployment sends no webhooks.")
        try:
            return await self._client.ask(
                method, f"/accounts/{account_id}/webhooks{path}", params=params, body=body
            )
        except Refusal as refusal:
            raise Problem(refusal.status, refusal.code, refusal.message, param=refusal.param) from None
        except InternalError as error:
            raise unavailable() from error
