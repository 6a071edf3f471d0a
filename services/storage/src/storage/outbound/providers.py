"""Providers as storage needs them: how to fetch a result, and a fresh address for one that has expired."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from providers.adapter import Adapter, adapter
from providers.errors import ProviderError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential
from providers.outcomes import (
    AskNext,
    Cancelled,
    Failed,
    Gone,
    InvalidInput,
    Moderated,
    PollOutcome,
    Succeeded,
)
from runtime.egress.errors import EgressError

from storage.domain.copy import Fault
from storage.domain.inbox import is_reference
from storage.domain.task import Succeeded as Fact
from storage.outbound.fetch import Kept, Source

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_CALL_SECONDS = 20.0
_POLL_STEPS = 3


class ProviderFaultError(Exception):
    """A provider could not be asked, or didn't give what was asked for."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the operator configured it."""

    base_url: str
    credentials: Mapping[str, Credential]


class Providers:
    """All configured providers, by name."""

    def __init__(self, configured: Mapping[str, Provider]) -> None:
        self._configured = configured

    def source(self, fact: Fact, url: str) -> Source | Kept:
        """Where and with which headers to fetch an output. Raises ProviderFaultError."""
        if is_reference(url):
            return Kept(url)
        spoken, provider, credential = self._resolve(fact)
        request = spoken.fetch(provider.base_url, credential, url)
        return Source(request.url, request.headers)

    async def fresh_urls(self, client: httpx.AsyncClient, fact: Fact) -> list[str]:
        """Ask the provider for its outputs' present addresses, in order. Raises ProviderFaultError."""
        spoken, provider, credential = self._resolve(fact)
        if fact.provider_job_id is None:
            raise ProviderFaultError(_expired("its job is not known"))
        step = ""
        for _ in range(_POLL_STEPS):
            request = spoken.poll(provider.base_url, credential, fact.provider_job_id, step)
            outcome = spoken.parse_poll(await _send(client, request), step)
            if isinstance(outcome, Succeeded):
                return [output.url for output in outcome.outputs]
            if not isinstance(outcome, AskNext):
                raise ProviderFaultError(_no_result(outcome))
            step = outcome.step
        raise ProviderFaultError(_unanswered("too many steps"))

    def _resolve(self, fact: Fact) -> tuple[Adapter, Provider, Credential]:
        provider = self._configured.get(fact.provider or "")
        credential = provider.credentials.get(fact.credential_id or "") if provider else None
        if provider is None or credential is None:
            what = f"provider {fact.provider} with credential {fact.credential_id}"
            raise ProviderFaultError(
                Fault("provider_not_configured", f"{what} is not in the settings", permanent=False)
            )
        try:
            return adapter(fact.protocol or ""), provider, credential
        except ProviderError as error:
            raise ProviderFaultError(Fault(error.code, str(error), permanent=True)) from error


async def _send(client: httpx.AsyncClient, request: HttpRequest) -> HttpResponse:
    try:
        async with client.stream(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body or None,
            timeout=_CALL_SECONDS,
        ) as response:
            return HttpResponse(
                response.status_code, dict(response.headers), await _body(response), request.url
            )
    except (httpx.HTTPError, EgressError) as error:
        raise ProviderFaultError(_unanswered(type(error).__name__)) from error


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ProviderFaultError(_unanswered("an answer that is too long"))
    return bytes(body)


def _no_result(outcome: PollOutcome) -> Fault:
    """Say what a poll without outputs means: a word on the job is final, one on the call is not."""
    if isinstance(outcome, Gone | Failed | Cancelled | Moderated | InvalidInput):
        return _expired(f"the provider now says {type(outcome).__name__.lower()}")
    return _unanswered(type(outcome).__name__.lower())


def _expired(why: str) -> Fault:
    return Fault("expired", f"the result's address has expired, and {why}", permanent=True)


def _unanswered(what: str) -> Fault:
    message = f"the result's address has expired; asking the provider for a new one gave {what}"
    return Fault("refresh_failed", message, permanent=False)
