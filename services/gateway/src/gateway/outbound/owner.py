"""Asking another service about what it owns. Its refusals become problems as they are."""

from collections.abc import Mapping
from typing import Any

from runtime.internal import InternalClient, InternalError, Refusal

from gateway.domain.problem import Problem, unavailable


class Owner:
    """A service that can be asked; `client` None: this deployment doesn't say where it is."""

    def __init__(self, name: str, client: InternalClient | None) -> None:
        self.name, self._client = name, client

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Its answer to `path` below `/internal`. Raises Problem."""
        if self._client is None:
            message = f"This gateway was not told where {self.name} is (GATEWAY_{self.name.upper()}_URL)."
            raise Problem(503, f"{self.name}_unavailable", message)
        try:
            return await self._client.ask(method, path, params=params, body=body)
        except Refusal as refusal:
            raise Problem(refusal.status, refusal.code, refusal.message, param=refusal.param) from None
        except InternalError as error:
            raise unavailable() from error
