"""Settings of the gateway, from the environment (`GATEWAY_…`)."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict
from runtime.settings import ObjectStoreSettings, StreamSettings


def _mode(value: Any) -> Any:
    if isinstance(value, dict):
        return "simulated" if value.get("simulated") else "real"
    return value


class Settings(StreamSettings, ObjectStoreSettings):
    """Everything that can be set; times in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    key_pepper: SecretStr
    """Keys the HMAC under which API keys are stored."""
    public_url: str | None = None
    """Where clients reach this API; result links begin with it. None: as the request addressed us."""
    s3_public_endpoint: str | None = None
    """Where clients reach the object store. When set, result links redirect there."""
    catalog_directory: Path | None = None
    """`tiers.yaml`, `fields.yaml`, `models/`: the dispatcher's too; the packaged ones by default."""
    price_change_reason: str | None = None
    """Why this release's prices are others than the last one's; stands beside them in the audit log."""
    providers: dict[str, Annotated[Literal["real", "simulated"], BeforeValidator(_mode)]] = Field(default={})
    """The dispatcher's providers, `{"ark": "simulated"}` or as it has them, `{"ark": {"simulated": true}}`.

    A model without one is listed as unavailable. Credentials have no business here.
    """
    callbacks_url: str | None = None
    """The callbacks service as we reach it; without it `/api/v1/webhooks` answers 503."""
    dispatcher_url: str | None = None
    """The dispatcher as we reach it; without it documents show of attempts only what events say."""
    ledger_url: str | None = None
    """The ledger as we reach it; without it the history of credits answers 503."""
    storage_url: str | None = None
    """Storage's worker as we reach it; without it the durations of uploads aren't known, and `extend-video`
    answers 503."""
    explain_after_seconds: float = Field(default=3, ge=0)
    """The dispatcher is asked about a task that is this old and not over yet."""
    public_files_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    """Where clients reach `/files` of this API through a CDN (`https://cdn.example.com/files`); links begin
    with it. None: `/files` below the public URL."""
    link_cache_seconds: int = Field(default=300, ge=0)
    """How long caches may keep a file without asking whether its link still stands."""
    currency: str = "USD"

    task_deadline_seconds: int = Field(default=3600, ge=1, le=86_400)
    least_deadline_seconds: int = Field(default=10, ge=1)
    most_deadline_seconds: int = Field(default=86_400, ge=1, le=86_400)
    """What a request may ask for as its own deadline."""
    repeat_after_seconds: float = Field(default=120, gt=0)
    repeat_limit: int = Field(default=5, ge=0)
    repeat_every_seconds: float = Field(default=10, gt=0)

    rate_store: str = Field(default="memory://", pattern=r"^(memory://|rediss?://.+|redis\+cluster://.+)$")
    """Where requests are counted: in each process, or in a Redis (`redis://…`) that all share."""
    key_cache_seconds: float = Field(default=0.5, ge=0, le=0.5)
    wrong_keys_per_minute: int = Field(default=60, ge=1)
    """Different wrong API keys from one address (IPv6: its /64) before they are answered 429."""
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    max_inline_bytes: int = Field(default=262_144, ge=0)
    """Data URIs of an input, decoded, that travel with the task; above that they become uploads."""
    max_data_bytes: int = Field(default=786_432, ge=0)
    """Data URIs of an input, decoded, that are taken at all."""
    max_image_bytes: int = Field(default=10_000_000, ge=1)
    max_audio_bytes: int = Field(default=50_000_000, ge=1)
    max_video_bytes: int = Field(default=200_000_000, ge=1)
    """Of an upload; the account's tier bounds it too."""
    max_image_pixels: int = Field(default=40_000_000, ge=1)
    upload_seconds: float = Field(default=900, gt=0)
    """How long an upload may take to arrive."""
    uploads_at_once: int = Field(default=32, ge=1)
    """Per process; each takes up to 25 MB of memory."""
    unused_upload_hours: float = Field(default=24, gt=0)
    """How long an upload stays that no task uses."""
    submit_batch: int = Field(default=256, ge=1, le=2000)
    submit_waiting: int = Field(default=2000, ge=1)
    submit_lanes: int = Field(default=2, ge=1, le=8)
    most_unsent_seconds: float = Field(default=120, gt=0)
    """No new task is taken while the outbox holds a row that is older than this and not sent."""

    events_heartbeat_seconds: float = Field(default=15, gt=0)
    events_poll_seconds: float = Field(default=2, gt=0)
    max_streams: int = Field(default=5000, ge=1)
    """Live histories and waiting reads, together."""
    most_hold_seconds: float = Field(default=120, gt=0)
    """How long an answer that is the result itself (images, speech) is waited for before it is a 504."""
    most_wait_seconds: int = Field(default=60, ge=0, le=600)

    idempotency_hours: int = Field(default=48, ge=24)
    """How long an Idempotency-Key gets its first answer again."""
    tidy_every_seconds: float = Field(default=60, gt=0)
    """How often old idempotency keys are forgotten and tasks past their account's retention deleted."""

    @property
    def files_url(self) -> str | None:
        """Where links begin as everybody outside sees them; None without a public address."""
        if self.public_files_url is not None:
            return self.public_files_url.rstrip("/")
        return None if self.public_url is None else f"{self.public_url.rstrip('/')}/files"
