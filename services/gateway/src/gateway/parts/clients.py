"""The other services, as the gateway asks them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.internal import InternalClient

from gateway.outbound.callbacks import TIMEOUT_SECONDS
from gateway.outbound.dispatcher import TIMEOUT_SECONDS as ASKING_SECONDS
from gateway.outbound.storage import TIMEOUT_SECONDS as LOOKING_SECONDS
from gateway.settings import Settings

OPERATOR_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Others:
    """The other services; None where a deployment doesn't say where one is. `owners` answer the operator:
    with more patience than a customer's request has.
    """

    callbacks: InternalClient | None = None
    dispatcher: InternalClient | None = None
    storage: InternalClient | None = None
    owners: Mapping[str, InternalClient] = field(default_factory=dict)

    @property
    def parts(self) -> list[InternalClient]:
        """What is started and stopped with the process."""
        return [
            client
            for client in (self.callbacks, self.dispatcher, self.storage, *self.owners.values())
            if client is not None
        ]


def others(settings: Settings) -> Others:
    """The services that the settings name."""
    urls = {
        "callbacks": settings.callbacks_url,
        "dispatcher": settings.dispatcher_url,
        "ledger": settings.ledger_url,
        "storage": settings.storage_url,
    }
    asked = {name: _client(settings, name, url, OPERATOR_SECONDS) for name, url in urls.items()}
    return Others(
        callbacks=_client(settings, "callbacks", settings.callbacks_url, TIMEOUT_SECONDS),
        dispatcher=_client(settings, "dispatcher", settings.dispatcher_url, ASKING_SECONDS),
        storage=_client(settings, "storage", settings.storage_url, LOOKING_SECONDS),
        owners={name: client for name, client in asked.items() if client is not None},
    )


def _client(settings: Settings, name: str, url: str | None, seconds: float) -> InternalClient | None:
    if url is None:
        return None
    token = settings.service_token.get_secret_value()
    return InternalClient(name, url, token, timeout_seconds=seconds)
