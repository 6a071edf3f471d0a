"""Settings mixins. A service composes them in its `settings.py`, builds them once and passes values down."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime import failpoints
from runtime.tracing import Collector

PLACEHOLDERS = frozenset({"", "changeme", "change-me", "placeholder", "secret", "dev"})


class ServiceSettings(BaseSettings):
    """What every service needs. Outside dev mode a placeholder secret is refused."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # it is full of secrets

    environment: Literal["dev", "production"] = "production"
    log_format: Literal["json", "console"] = "json"
    log_level: str = "INFO"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65535)
    service_token: SecretStr = SecretStr("")

    database_dsn: SecretStr
    database_pool_size: int = Field(default=10, ge=2, le=100)

    drain_seconds: float = Field(default=25.0, ge=0)
    drain_notice_seconds: float = Field(default=0.0, ge=0)
    """How long a process that is told to stop goes on serving, unready, before it drains: as long as whatever
    sends it requests takes to see that it isn't ready."""
    otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Where spans go by OTLP over HTTP (`http://collector:4318`); None: there are none."""
    otlp_headers: SecretStr | None = None
    """What the collector wants to be told with them: `name=value,name=value`."""
    trace_ratio: float = Field(default=1.0, ge=0, le=1)
    """The share of traces that are kept, by their id, so that all services keep the same ones."""

    failpoints: str = ""
    """Where to die, wait or fail on purpose (`runtime.failpoints`); dev mode only."""

    @field_validator("failpoints")
    @classmethod
    def _known_failpoints(cls, value: str) -> str:
        failpoints.parse(value)
        return value

    @field_validator("otlp_endpoint", "otlp_headers", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @property
    def collector(self) -> Collector | None:
        """Where spans go, if anywhere."""
        if self.otlp_endpoint is None:
            return None
        given = self.otlp_headers.get_secret_value() if self.otlp_headers else ""
        pairs = (pair.partition("=") for pair in given.split(",") if pair.strip())
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return Collector(self.otlp_endpoint, self.trace_ratio, headers)

    @model_validator(mode="after")
    def _refuse_failpoints(self) -> "ServiceSettings":
        if self.failpoints and self.environment != "dev":
            raise ValueError("failpoints are for environment=dev only: take the setting away")
        return self

    @model_validator(mode="after")
    def _refuse_placeholders(self) -> "ServiceSettings":
        if self.environment == "dev":
            return self
        for name in type(self).model_fields:
            for secret in _secrets(getattr(self, name)):
                if secret.strip().lower() in PLACEHOLDERS:
                    raise ValueError(f"{name} is a placeholder: set a real secret (or environment=dev)")
        return self


def _secrets(value: object) -> list[str]:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        password = urlsplit(secret).password if "://" in secret else None
        return [secret] if password is None else [password]
    if isinstance(value, list | tuple):
        return [secret for item in value for secret in _secrets(item)]
    return []


class KafkaSettings(BaseSettings):
    """The broker, and how much is read at once."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    kafka_bootstrap: str
    consumer_max_records: int = Field(default=500, ge=1, le=5000)
    consumer_session_seconds: float = Field(default=10, ge=6, le=300)
    """A reader that the broker hasn't heard of for so long loses its partitions to the others."""
    dead_letters_per_minute: int = Field(default=50, ge=1)
    outbox_retention_days: int = Field(default=7, ge=1, le=90)


class StreamSettings(ServiceSettings, KafkaSettings):
    """A service with a database that reads and writes topics."""

    instance_id: str | None = None
    """Kafka's static membership: a restart within the session timeout moves no partitions."""
    measure_seconds: float = Field(default=10, gt=0)
    """How often what the database and the broker hold is measured for `/metrics`."""


class ObjectStoreSettings(BaseSettings):
    """The S3-compatible store."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    s3_endpoint: str
    s3_bucket: str
    s3_region: str = "auto"
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
