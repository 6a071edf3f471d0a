"""What storage is told: `STORAGE_*` in the environment."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

from providers.job import Credential
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict
from runtime.settings import ObjectStoreSettings, StreamSettings

from storage.outbound.objects import StoreConfig
from storage.outbound.providers import Provider


class CredentialSettings(BaseModel):
    """An account at a provider: results are fetched with the one that made them."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    secret: SecretStr


class ProviderSettings(BaseModel):
    """A provider; the dispatcher's entries may be given as they are."""

    model_config = ConfigDict(extra="ignore")

    base_url: str = Field(pattern=r"^https?://")
    credentials: list[CredentialSettings] = Field(min_length=1)

    def provider(self) -> Provider:
        """As the rest of the service sees it."""
        credentials = [Credential(each.id, each.secret.get_secret_value()) for each in self.credentials]
        return Provider(self.base_url, {each.id: each for each in credentials})


def _own_spool() -> Path:
    return Path(tempfile.gettempdir()) / f"framebus-storage-{os.getuid()}"


class Settings(StreamSettings, ObjectStoreSettings):
    """Storage's settings. `providers` is JSON: name to provider."""

    model_config = SettingsConfigDict(env_prefix="STORAGE_")

    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default_factory=list)
    """Comma-separated `host:port` that results may be fetched from although they aren't public."""
    concurrency: int = Field(default=32, ge=1, le=500)
    """Tasks that are copied at the same time by one process."""
    eraser_idle_seconds: float = Field(default=1.0, gt=0)
    probe_processes: int = Field(default=2, ge=1, le=64)
    spool_directory: Path = Field(default_factory=_own_spool)
    max_bytes: int = Field(default=2 * 1024**3, ge=1)
    """The largest result that is taken."""
    download_seconds: float = Field(default=600.0, gt=0)
    lease_seconds: float = Field(default=20.0, ge=2)
    """How soon what a killed process had in hand is taken up by another one."""
    worker_idle_seconds: float = Field(default=0.25, gt=0, le=10)

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    def store(self) -> StoreConfig:
        """The object store, with a connection for each copy and a few for what else there is."""
        return StoreConfig(
            bucket=self.s3_bucket,
            access_key=self.s3_access_key.get_secret_value(),
            secret_key=self.s3_secret_key.get_secret_value(),
            endpoint=self.s3_endpoint,
            region=self.s3_region,
            max_connections=self.concurrency + 4,
        )

    def configured(self) -> dict[str, Provider]:
        """The providers by name."""
        return {name: each.provider() for name, each in self.providers.items()}
