"""The other services, as the gateway asks them."""

from runtime.internal import InternalClient

from gateway.outbound.callbacks import TIMEOUT_SECONDS
from gateway.outbound.dispatcher import TIMEOUT_SECONDS as ASKING_SECONDS
from gateway.settings import Settings

OPERATOR_SECONDS = 30.0


def owners(settings: Settings) -> dict[str, InternalClient]:
    """The other services as an operator asks them: with more patience than a customer's request has."""
    urls = {
        "callbacks": settings.callbacks_url,
        "dispatcher": settings.dispatcher_url,
        "ledger": settings.ledger_url,
        "storage": settings.storage_url,
    }
    made = {name: _client(settings, name, url, OPERATOR_SECONDS) for name, url in urls.items()}
    return {name: client for name, client in made.items() if client is not None}


def callbacks(settings: Settings) -> InternalClient | None:
    """Callbacks, about an account's webhooks; None where it has no address."""
    return _client(settings, "callbacks", settings.callbacks_url, TIMEOUT_SECONDS)


def dispatcher(settings: Settings) -> InternalClient | None:
    """The dispatcher, about attempts; None where it has no address."""
    return _client(settings, "dispatcher", settings.dispatcher_url, ASKING_SECONDS)


def _client(settings: Settings, name: str, url: str | None, seconds: float) -> InternalClient | None:
    if url is None:
        return None
    token = settings.service_token.get_secret_value()
    return InternalClient(name, url, token, timeout_seconds=seconds)
