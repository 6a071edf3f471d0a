"""What an adapter needs to know about a job and about who pays the provider for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_FILES: Mapping[str, tuple[str, bytes]] = {}


@dataclass(frozen=True, slots=True)
class Credential:
    """An account at a provider. The secret never shows in a repr."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Submission:
    """A job to be submitted."""

    model: str
    """The provider's own model name, from the route."""
    input: Mapping[str, Any]
    """The model's input, validated, with defaults, under the catalog's field names."""
    correlation: str
    """At most 64 opaque characters, unique per (task, attempt). Sent wherever the provider echoes one."""
    callback_url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """The route's own provider parameters. What the input says wins over them."""
    template: Mapping[str, Any] | None = None
    """The route's request body to be filled (`template.fill`), for protocols whose models all differ."""
    fetched: Mapping[str, tuple[str, bytes]] = field(default_factory=lambda: NO_FILES)
    """URL to (content type, bytes) for every URL that `Adapter.inputs_to_fetch` named."""
