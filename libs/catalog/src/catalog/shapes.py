"""The shape of the data files."""

from typing import Annotated, Any

from contracts.events import Kind
from pydantic import BaseModel, ConfigDict, Field

from catalog.price import PriceRow
from catalog.resolution import Resolution
from catalog.routes import Route
from catalog.rules import InputRule


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelFile(_Shape):
    """A file in `models/`."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    description: str
    kind: Kind
    minimum_tier: str
    resolution: Resolution | None = None
    frames_field: str | None = None
    price: Annotated[list[PriceRow], Field(min_length=1)]
    rules: list[InputRule] = []
    derive: dict[str, str] = {}
    routes: Annotated[list[Route], Field(min_length=1)]
    input: dict[str, Any]
    """The JSON Schema."""


class TierEntry(_Shape):
    """A tier in `tiers.yaml`, lowest first."""

    name: str
    title: str
    monthly_credits: int = Field(ge=0)
    max_short_side: int = Field(gt=0)
    max_frames: int = Field(gt=0)
    watermark: bool
    submits_per_minute: int = Field(gt=0)
    reads_per_minute: int = Field(gt=0)
    reads_per_minute_per_live_task: int = Field(ge=0)
    max_upload_bytes: int = Field(gt=0)
    max_live_tasks: int | None = Field(default=None, gt=0)


class TiersFile(_Shape):
    """`tiers.yaml`."""

    tiers: Annotated[list[TierEntry], Field(min_length=1)]


class FieldsFile(_Shape):
    """`fields.yaml`: input fields that several models share, each a JSON Schema."""

    fields: dict[str, dict[str, Any]]
