"""Take one webhook in: proven by its address or signature, read for a hint, stored with its neighbours."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from contracts.ids import uuid7
from providers import tokens
from providers.adapter import Adapter, adapter
from providers.errors import WebhookError
from providers.webhook import Proof, WebhookHint
from runtime.group_commit import GroupCommit, OverloadedError

from callbacks.domain.refusals import Busy, InvalidSignature, InvalidToken, UnknownProvider
from callbacks.domain.webhook import Reference, Webhook, body_hash, kept_headers
from callbacks.usecases.provider_keys import ProviderKeys

MAX_WAITING_BYTES = 64 * 1024 * 1024
MAX_UNPROVEN = 16
"""Bodies that are read at the same time although nothing but a signature in them can prove who sent them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrived: header names in lower case. `proven`: a token of ours is in its address."""

    reference: Reference
    token: str
    proven: bool
    headers: Mapping[str, str]
    body: bytes
    traceparent: str | None


class Reception:
    """Receives the webhooks of one process."""

    def __init__(
        self,
        store: GroupCommit[Webhook, bool],
        *,
        providers: Mapping[str, str],
        secrets: Sequence[str],
        keys: ProviderKeys,
    ) -> None:
        self._store, self._secrets, self._keys = store, tuple(secrets), keys
        self._adapters = {name: each for name, each in _adapters(providers) if each.capabilities.webhooks}
        self._waiting_bytes = 0
        self._unproven = 0

    def require_provider(self, provider: str) -> None:
        """Raises UnknownProvider for one that never calls here."""
        if provider not in self._adapters:
            raise UnknownProvider("no such provider, or it sends no webhooks")

    def proven(self, reference: Reference, token: str) -> bool:
        """Whether one of the secrets made the token for exactly this address.

        False when the provider's signature has to prove it. Raises InvalidToken when nothing can.
        """
        of = reference
        if of.account_id is not None and of.task_id is not None and of.attempt is not None:
            good = tokens.verify(self._secrets, token, of.provider, of.account_id, of.task_id, of.attempt)
        else:
            good = tokens.verify_endpoint(self._secrets, token, of.provider)
            if not token and self._keys.known(of.provider):
                return False
        if not good:
            raise InvalidToken("the token is not valid for this address")
        return True

    @contextmanager
    def reading(self, proven: bool) -> Iterator[None]:
        """Around the reading of a body. Raises Busy when too many of strangers' are being read."""
        if proven:
            yield
            return
        if self._unproven >= MAX_UNPROVEN:
            raise Busy("too many webhooks wait to be proven")
        self._unproven += 1
        try:
            yield
        finally:
            self._unproven -= 1

    async def receive(self, delivery: Delivery) -> bool:
        """Store and say it; True when it was news, False for a repeat.

        Raises InvalidSignature for a forged one, Busy when too much waits.
        """
        signed = await self._signed(delivery)
        if self._waiting_bytes + len(delivery.body) > MAX_WAITING_BYTES:
            raise Busy("too many webhooks wait to be written")
        self._waiting_bytes += len(delivery.body)
        try:
            return await self._store.submit(self._webhook(delivery, signed))
        except OverloadedError:
            raise Busy("too many webhooks wait to be written") from None
        finally:
            self._waiting_bytes -= len(delivery.body)

    async def _signed(self, delivery: Delivery) -> bool:
        provider = delivery.reference.provider
        spoken, now = self._adapters[provider], int(time.time())

        def prove(keys: Sequence[str]) -> Proof:
            return spoken.prove_webhook(delivery.headers, delivery.body, keys, now)

        proof = prove(await self._keys.of(provider))
        if proof == "forged" and await self._keys.renew(provider):
            proof = prove(await self._keys.of(provider))
        if proof == "forged" or (proof == "unsigned" and not delivery.proven):
            raise InvalidSignature("the provider's signature is missing, wrong or too old")
        return proof == "signed"

    def _webhook(self, delivery: Delivery, signed: bool) -> Webhook:
        hint = self._hint(delivery)
        return Webhook(
            id=uuid7(),
            reference=delivery.reference,
            provider_job_id=hint.job_id,
            final=hint.final,
            signed=signed,
            headers=kept_headers(delivery.headers, delivery.token),
            body=delivery.body,
            body_hash=body_hash(delivery.body),
            traceparent=delivery.traceparent,
        )

    def _hint(self, delivery: Delivery) -> WebhookHint:
        """What can't be read is news all the same: it was proven, so the provider is asked."""
        try:
            return self._adapters[delivery.reference.provider].read_webhook(delivery.headers, delivery.body)
        except WebhookError:
            return WebhookHint(job_id=None, final=True)


def _adapters(providers: Mapping[str, str]) -> list[tuple[str, Adapter]]:
    return [(name, adapter(protocol)) for name, protocol in providers.items()]
