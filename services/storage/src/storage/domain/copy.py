"""Decisions about copying one result: its names, whether the file will do, what follows a failure. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.domain.media import FileType, MediaKind, Probe, sniff

RESULTS: Final = "results/"
"""Where all copies are."""
GIVE_UP_AFTER_DEADLINE: Final = timedelta(hours=12)
"""Holds live for the deadline + 24 h, so the ledger always hears of it in time."""
TRIES_OF_A_BAD_FILE: Final = 2
"""A file that isn't what it says is fetched once more: a broken transfer can look like a broken file."""
TRIES_OF_A_PERMANENT_FAULT: Final = 1
_BAD_FILE_CODES: Final = frozenset({"not_what_it_says", "unreadable"})
_SUSPECT_CODES: Final = frozenset({"probe_timeout", "probe_crashed", "probe_out_of_memory", "derive_failed"})
TRIES_OF_A_SUSPECT_FILE: Final = 3
"""A probe that dies may be the file's fault or the machine's; three deaths are the file's."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the provider says that a result is."""

    kind: MediaKind
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a copy failed: a stable code, words for the operator, and whether trying again is pointless."""

    code: str
    message: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again, no sooner than the work table's backoff says."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The result can't be stored, for good: the customer pays nothing."""

    code: str
    message: str


def object_key(task: str, attempt: int, index: int, claim: int, extension: str) -> str:
    """Name an object. The claim number keeps a late worker from writing over its successor's object."""
    return f"{RESULTS}{task}/{attempt}/{index}-{claim}.{extension}"


def file_name(task: str, index: int, role: str | None, extension: str) -> str:
    """Name the file as a person who downloads it will see it."""
    part = f"{index}-{role}" if role else str(index)
    return f"{task}-{part}.{extension}"


def admit(head: bytes, expected: Expected) -> FileType | Fault:
    """Say by a file's first bytes what to store it as, or why it can't be what it should be."""
    container = sniff(head)
    if container is None:
        return Fault("not_what_it_says", f"the {expected.kind} is no known media format", permanent=True)
    if expected.kind not in container.types:
        return Fault("not_what_it_says", f"a {container.name} file is no {expected.kind}", permanent=True)
    return container.types[expected.kind]


def judge(probe: Probe, expected: Expected) -> Fault | None:
    """Say by what decoding has shown whether a file is what it should be; None when it is."""
    if probe.kind != expected.kind and (expected.kind, probe.kind) != ("text", "subtitle"):
        return Fault("not_what_it_says", f"the {expected.kind} turned out to be {probe.kind}", permanent=True)
    if probe.kind in {"video", "image"} and not (probe.width and probe.height):
        return Fault("not_what_it_says", f"the {expected.kind} has no size", permanent=True)
    if probe.kind in {"video", "audio", "subtitle"} and not probe.duration_ms:
        return Fault("not_what_it_says", f"the {expected.kind} has no duration", permanent=True)
    return None


def give_up_at(deadline: datetime, margin: timedelta = GIVE_UP_AFTER_DEADLINE) -> datetime:
    """Return when storage stops trying, given the task's deadline."""
    return deadline + margin


def after_failure(fault: Fault, tries: int, now: datetime, until: datetime) -> Retry | GiveUp:
    """Decide what follows the ``tries``-th failed try; ``now`` is the database's clock."""
    if now >= until or tries >= _tries_allowed(fault):
        return GiveUp(fault.code, fault.message)
    return Retry()


def _tries_allowed(fault: Fault) -> float:
    if fault.code in _BAD_FILE_CODES:
        return TRIES_OF_A_BAD_FILE
    if fault.code in _SUSPECT_CODES:
        return TRIES_OF_A_SUSPECT_FILE
    return TRIES_OF_A_PERMANENT_FAULT if fault.permanent else float("inf")
