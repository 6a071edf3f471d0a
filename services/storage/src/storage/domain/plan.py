"""What is to be made of a task's outputs: which are copied, under which index what is derived. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from storage.domain.copy import GiveUp
from storage.domain.media import MediaKind
from storage.domain.task import Output

Derivation = Literal["gif", "last_frame", "watermark"]
DERIVED_FILES: Final = ("gif", "last_frame")
_MARKED_KINDS: Final = frozenset({"video", "image"})


@dataclass(frozen=True, slots=True)
class Planned:
    """One output to copy. ``derived`` gives each file that is made of it the index to be stored under."""

    index: int
    kind: MediaKind
    role: str | None
    url: str
    watermark: bool
    derived: Mapping[Derivation, int]


def plan(outputs: Sequence[Output], derive: Sequence[str]) -> tuple[Planned, ...] | GiveUp:
    """Plan all outputs, or say why a task can't be stored at all: all outputs or none.

    Derived files are made of each main video (one without a role), under indexes after the provider's own.
    """
    refused = _refusal(outputs, derive)
    if refused is not None:
        return refused
    wanted = [name for name in DERIVED_FILES if name in derive]
    free = max(output.index for output in outputs) + 1
    planned = []
    for output in sorted(outputs, key=lambda each: each.index):
        main = output.kind == "video" and output.role is None
        made = {cast("Derivation", name): free + n for n, name in enumerate(wanted)} if main else {}
        free += len(made)
        marked = "watermark" in derive and output.kind in _MARKED_KINDS
        planned.append(Planned(output.index, output.kind, output.role, output.url, marked, made))
    return tuple(planned)


def _refusal(outputs: Sequence[Output], derive: Sequence[str]) -> GiveUp | None:
    if not outputs:
        return GiveUp("storage_failed", "the provider's success came without a result")
    unknown = sorted(set(derive) - {"watermark", *DERIVED_FILES})
    if unknown:
        return GiveUp("storage_failed", f"nothing here can make {', '.join(unknown)}")
    return None
