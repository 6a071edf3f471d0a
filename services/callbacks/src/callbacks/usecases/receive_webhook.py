"""Take one webhook in: its address proven, its body read for a hint, stored together with its neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.ids import uuid7
from providers import tokens
from providers.adapter import Adapter, adapter
from providers.errors import WebhookError
from providers.webhook import WebhookHint
from runtime.group_commit import GroupCommit, OverloadedError

from callbacks.domain.refusals import Busy, InvalidToken, UnknownProvider
from callbacks.domain.webhook import Reference, Webhook, body_hash, kept_headers

MAX_WAITING_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrived at an address that was proven: header names in lower case."""

    reference: Reference
    token: str
    headers: Mapping[str, str]
    body: bytes
    traceparent: str | None


class Reception:
    """Receives the webhooks of one process."""

    def __init__(
        self, store: GroupCommit[Webhook, bool], *, providers: Mapping[str, str], secrets: Sequence[str]
    ) -> None:
        self._store, self._secrets = store, tuple(secrets)
        self._adapters = {name: each for name, each in _adapters(providers) if each.capabilities.webhooks}
        self._waiting_bytes = 0

    def require_provider(self, provider: str) -> None:
        """Raises UnknownProvider for one that never calls here."""
        if provider not in self._adapters:
            raise UnknownProvider("no such provider, or it sends no webhooks")

    def require_token(self, reference: Reference, token: str) -> None:
        """Raises InvalidToken unless one of the secrets made it for exactly this attempt."""
        of = reference
        if not tokens.verify(self._secrets, token, of.provider, of.account_id, of.task_id, of.attempt):
            raise InvalidToken("the token is not valid for this address")

    async def receive(self, delivery: Delivery) -> bool:
        """Store and say it; True when it was news, False for a repeat. Raises Busy when too much waits."""
        if self._waiting_bytes + len(delivery.body) > MAX_WAITING_BYTES:
            raise Busy("too many webhooks wait to be written")
        self._waiting_bytes += len(delivery.body)
        try:
            return await self._store.submit(self._webhook(delivery))
        except OverloadedError:
            raise Busy("too many webhooks wait to be written") from None
        finally:
            self._waiting_bytes -= len(delivery.body)

    def _webhook(self, delivery: Delivery) -> Webhook:
        hint = self._hint(delivery)
        return Webhook(
            id=uuid7(),
            reference=delivery.reference,
            provider_job_id=hint.job_id,
            final=hint.final,
            headers=kept_headers(delivery.headers, delivery.token),
            body=delivery.body,
            body_hash=body_hash(delivery.body),
            traceparent=delivery.traceparent,
        )

    def _hint(self, delivery: Delivery) -> WebhookHint:
        """What can't be read is news all the same: its address was proven, so the provider is asked."""
        try:
            return self._adapters[delivery.reference.provider].read_webhook(delivery.headers, delivery.body)
        except WebhookError:
            return WebhookHint(job_id=None, final=True)


def _adapters(providers: Mapping[str, str]) -> list[tuple[str, Adapter]]:
    return [(name, adapter(protocol)) for name, protocol in providers.items()]
