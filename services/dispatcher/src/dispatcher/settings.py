"""What the dispatcher is told: `DISPATCHER_*` in the environment."""

from pathlib import Path
from typing import Annotated

from catalog.yamlfile import YamlFile, read_shape
from providers.job import Credential
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict
from runtime.objects.signing import Signer
from runtime.settings import ObjectStoreSettings, StreamSettings

from dispatcher.domain.job import Timing
from dispatcher.domain.providers import Breaker, Provider

POLLS_PER_SECOND = {"dashscope": 20.0}
"""What the real providers allow where the settings say nothing (DashScope: 20 task queries a second)."""


class CredentialSettings(BaseModel):
    """An account at a provider; its id is written into attempts and events, its secret nowhere."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    secret: SecretStr


class BreakerSettings(BaseModel):
    """When a provider that fails is left in peace: after some faults in a row, for longer each time."""

    model_config = ConfigDict(extra="forbid")

    faults: int = Field(default=5, ge=1)
    first_seconds: float = Field(default=1.0, gt=0)
    most_seconds: float = Field(default=30.0, gt=0)
    probe_seconds: float = Field(default=5.0, gt=0)


class ProviderSettings(BaseModel):
    """A provider. Limits are per credential; no limit where none is given."""

    model_config = ConfigDict(extra="forbid")

    base_url: str = Field(pattern=r"^https?://")
    credentials: list[CredentialSettings] = Field(min_length=1)
    simulated: bool = False
    max_concurrent: int | None = Field(default=None, ge=1)
    submits_per_second: float | None = Field(default=None, gt=0)
    polls_per_second: float | None = Field(default=None, gt=0)
    timeout_seconds: float | None = Field(default=None, gt=0)
    poll_seconds: float | None = Field(default=None, gt=0)
    breaker: BreakerSettings = BreakerSettings()

    @model_validator(mode="after")
    def _one_of_each(self) -> "ProviderSettings":
        if len({each.id for each in self.credentials}) < len(self.credentials):
            raise ValueError("two credentials have the same id")
        return self

    def provider(self, name: str) -> Provider:
        """As the domain sees it."""
        polls = self.polls_per_second or (None if self.simulated else POLLS_PER_SECOND.get(name))
        return Provider(
            name=name,
            base_url=self.base_url,
            credentials=tuple(
                Credential(each.id, each.secret.get_secret_value()) for each in self.credentials
            ),
            simulated=self.simulated,
            max_concurrent=self.max_concurrent,
            submits_per_second=self.submits_per_second,
            polls_per_second=polls,
            timeout_seconds=self.timeout_seconds,
            poll_seconds=self.poll_seconds,
            breaker=Breaker(**self.breaker.model_dump()),
        )


class ProvidersFile(RootModel[dict[str, ProviderSettings]]):
    """Providers by name."""


class Settings(StreamSettings, ObjectStoreSettings):
    """The dispatcher's settings. `providers` is JSON: name to provider."""

    model_config = SettingsConfigDict(env_prefix="DISPATCHER_")

    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    providers_file: Path | None = None
    """YAML or JSON of that shape, read again when it changes; its entries replace those of `providers`."""
    catalog_directory: Path | None = None
    """`tiers.yaml` and `models/`, read again when they change; the packaged ones by default."""
    reload_seconds: float = Field(default=5.0, gt=0)
    """How often the files are looked at."""
    callbacks_url: str | None = None
    """The callbacks service as providers reach it; without it every job is polled."""
    callback_secrets: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list)
    """Comma-separated; the first one signs."""
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default_factory=list)
    """Comma-separated `host:port` that inputs may be fetched from although they aren't public."""
    absent_after_seconds: float = Field(default=60.0, gt=0)
    uncertain_after_seconds: float = Field(default=900.0, gt=0)
    follow_orphans_seconds: float = Field(default=6 * 3600.0, ge=0)
    concurrency: int = Field(default=128, ge=1, le=2000)
    worker_idle_seconds: float = Field(default=0.25, gt=0, le=10)

    @field_validator("callback_secrets", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("callbacks_url", "providers_file", "catalog_directory", mode="before")
    @classmethod
    def _absent_if_empty(cls, value: object) -> object:
        return value or None

    @property
    def signer(self) -> Signer:
        """Who signs for the object store."""
        access, secret = self.s3_access_key.get_secret_value(), self.s3_secret_key.get_secret_value()
        return Signer(access, secret, self.s3_region)

    @property
    def timing(self) -> Timing:
        """When unanswered questions are given up."""
        return Timing(self.absent_after_seconds, self.uncertain_after_seconds, self.follow_orphans_seconds)

    def configured(self) -> dict[str, Provider]:
        """The providers by name, the file's read anew. Raises CatalogError with file and line of a fault."""
        entries = {**self.providers, **_read(self.providers_file)}
        return {name: each.provider(name) for name, each in entries.items()}


def _read(file: Path | None) -> dict[str, ProviderSettings]:
    return read_shape(YamlFile(file), ProvidersFile).root if file else {}
