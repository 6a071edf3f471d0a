"""The ledger's settings, from `LEDGER_…` in the environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from runtime.settings import StreamSettings


class Settings(StreamSettings):
    """Everything that can be set; times in seconds."""

    model_config = SettingsConfigDict(env_prefix="LEDGER_")

    consumer_group: str = "ledger"
    """Who reads: the stored offsets are this group's."""

    hold_margin_seconds: float = Field(default=24 * 3600, ge=0)
    """How long a hold outlives its task's deadline."""

    sweep_every_seconds: float = Field(default=60, gt=0)
    """How often expired holds are looked for."""

    sweep_calm_seconds: float = Field(default=600, ge=0)
    """How long the consumers must have been caught up before a hold may expire."""
