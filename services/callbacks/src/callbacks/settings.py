"""What callbacks is told by its environment (`CALLBACKS_…`)."""

from typing import Annotated

from providers.adapter import adapter, protocols
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict
from runtime.settings import StreamSettings

from callbacks.domain.delivery import Schedule

DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 43_200.0)


def _usual_names() -> dict[str, str]:
    """Each protocol under its own name, and OpenAI's under those that the catalog's routes have."""
    compatible = dict.fromkeys(("openai", "openai_compatible"), "openai_videos")
    return {name: name for name in protocols()} | compatible


class Settings(StreamSettings):
    """The service's settings."""

    model_config = SettingsConfigDict(env_prefix="CALLBACKS_", extra="ignore")

    callback_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(min_length=1, max_length=2)
    """Comma separated, the dispatcher's: the one that signs, and one more while it is being rotated."""
    providers: dict[str, str] = Field(default_factory=_usual_names)
    """Provider name in the URL → protocol that its webhooks speak; JSON."""
    webhook_keys: dict[str, list[SecretStr]] = Field(default_factory=dict)
    """Provider → the keys that its signatures are checked with; JSON. While one is rotated out, two."""
    webhook_jwks: dict[str, str] = Field(default_factory=dict)
    """Provider → the https address of the keys that it publishes; JSON."""
    webhook_retention_days: int = Field(default=30, ge=1, le=365)

    signing_key: SecretStr
    """What the customers' `whsec_` secrets are derived from: another key, and all of them are others."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma separated `host:port` that may be private or without TLS although customers chose them."""
    https_only: bool = True
    """Whether customers' addresses must be https."""
    delivery_concurrency: int = Field(default=64, ge=1, le=1000)
    endpoint_concurrency: int = Field(default=4, ge=1, le=100)
    """Attempts at the same time: of one process, and of these at one endpoint."""
    delivery_timeout_seconds: float = Field(default=15.0, gt=0, le=60)
    delivery_delays: Annotated[tuple[float, ...], NoDecode] = Field(default=DELAYS, min_length=1)
    """Comma separated seconds between attempts; the last one repeats."""
    delivery_give_up_hours: float = Field(default=72.0, gt=0, le=720)
    endpoint_patience_hours: float = Field(default=120.0, gt=0)
    """An endpoint that has failed for longer is disabled."""
    delivery_retention_days: int = Field(default=30, ge=1, le=365)
    max_endpoints: int = Field(default=20, ge=1, le=1000)
    """Of one account."""
    rotation_hours: float = Field(default=24.0, ge=0, le=720)
    """How long the previous secret stays valid, unless its owner says otherwise."""
    worker_idle_seconds: float = Field(default=0.25, gt=0, le=10)

    def schedule(self) -> Schedule:
        """When deliveries are tried again and given up."""
        hour = 3600.0
        return Schedule(
            self.delivery_delays, self.delivery_give_up_hours * hour, self.endpoint_patience_hours * hour
        )

    @field_validator("allowed_hosts", "delivery_delays", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("callback_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(SecretStr(part.strip()) for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _can_be_checked(self) -> "Settings":
        for name in {*self.webhook_keys, *self.webhook_jwks}:
            protocol = self.providers.get(name)
            if protocol is None or not adapter(protocol).capabilities.signed_webhooks:
                raise ValueError(f"{name} signs no webhooks: it needs no keys")
        return self

    @field_validator("providers")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value.values()) - set(protocols()))
        if unknown:
            raise ValueError(f"no adapter speaks {', '.join(unknown)}; known: {', '.join(protocols())}")
        return value
