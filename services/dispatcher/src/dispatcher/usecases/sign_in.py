"""Credentials that are exchanged for short-lived tokens, which are kept until shortly before their end."""

import time
from dataclasses import dataclass

from providers import outcomes as o
from providers.adapter import Adapter, adapter
from providers.errors import ProviderError
from providers.http import HttpRequest
from providers.job import Credential

from dispatcher.domain.job import Attempt
from dispatcher.domain.providers import Provider, poll_seconds
from dispatcher.outbound.circuit import Key
from dispatcher.outbound.provider_client import CallError
from dispatcher.usecases.desk import Desk, Later, Lease

SIGN_IN = "sign-in"
"""The kind of call; it also stands for the model where a key is refused before any model is named."""

Refused = o.BadCredentials | o.Unknown | Later


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask about an attempt, in whose name, in which words."""

    provider: Provider
    credential: Credential
    protocol: Adapter


async def asking(desk: Desk, attempt: Attempt, lease: Lease) -> Asking | Refused:
    """What it takes to ask the attempt's provider under the credential that it was submitted with."""
    provider = desk.providers.get(attempt.provider)
    credential = provider.credential(attempt.credential_id) if provider else None
    if provider is None or credential is None:
        return o.Unknown(f"the credential {attempt.provider}/{attempt.credential_id} is not configured")
    protocol = adapter(attempt.protocol)
    signed = await signed_in(desk, provider, credential, protocol, lease)
    return Asking(provider, signed, protocol) if isinstance(signed, Credential) else signed


async def signed_in(
    desk: Desk, provider: Provider, credential: Credential, protocol: Adapter, lease: Lease
) -> Credential | Refused:
    """What to send: the credential, or with a token for its secret where the protocol has a sign-in."""
    held = desk.tokens.held(provider.name, credential)
    if held is not None:
        return Credential(credential.id, held)
    try:
        request = protocol.sign_in(provider.base_url, credential, int(time.time()))
    except ProviderError as error:
        return _set_aside(desk, provider, credential, str(error))
    if request is None:
        return credential
    async with desk.tokens.alone(provider.name, credential.id):
        held = desk.tokens.held(provider.name, credential)
        if held is not None:
            return Credential(credential.id, held)
        return await _exchange(desk, provider, credential, protocol, request, lease)


async def _exchange(
    desk: Desk,
    provider: Provider,
    credential: Credential,
    protocol: Adapter,
    request: HttpRequest,
    lease: Lease,
) -> Credential | Refused:
    key: Key = (provider.name, credential.id, SIGN_IN)
    pause = max(desk.circuits.closed_for(key), desk.aside.rests(key))
    if pause > 0 or not lease.allows(poll_seconds(provider)):
        return Later(pause)
    try:
        answer = await desk.client.send(provider.name, request, poll_seconds(provider))
    except CallError as error:
        desk.circuits.failed(key)
        return o.Unknown(f"sign-in: {error}")
    match protocol.parse_sign_in(answer):
        case o.SignedIn(secret, seconds):
            desk.circuits.succeeded(key)
            desk.aside.accepted(key)
            desk.tokens.keep(provider.name, credential, secret, seconds)
            return Credential(credential.id, secret)
        case o.BadCredentials(message):
            return _set_aside(desk, provider, credential, message)
        case o.Throttled(retry_after):
            return Later(desk.circuits.refused(key, retry_after))
        case o.Unknown() as unknown:
            desk.circuits.failed(key)
            return unknown


def _set_aside(desk: Desk, provider: Provider, credential: Credential, message: str) -> o.BadCredentials:
    desk.aside.refused((provider.name, credential.id, SIGN_IN), message)
    return o.BadCredentials(message)
