"""What callbacks is told by its environment (`CALLBACKS_…`)."""

from typing import Annotated

from providers.adapter import protocols
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict
from runtime.settings import KafkaSettings, ServiceSettings


def _named_after_their_protocol() -> dict[str, str]:
    return {name: name for name in protocols()}


class Settings(ServiceSettings, KafkaSettings):
    """The service's settings."""

    model_config = SettingsConfigDict(env_prefix="CALLBACKS_", extra="ignore")

    callback_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(min_length=1, max_length=2)
    """Comma separated, the dispatcher's: the one that signs, and one more while it is being rotated."""
    providers: dict[str, str] = Field(default_factory=_named_after_their_protocol)
    """Provider name in the URL → protocol that its webhooks speak; JSON."""
    webhook_retention_days: int = Field(default=30, ge=1, le=365)

    @field_validator("callback_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(SecretStr(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("providers")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value.values()) - set(protocols()))
        if unknown:
            raise ValueError(f"no adapter speaks {', '.join(unknown)}; known: {', '.join(protocols())}")
        return value
