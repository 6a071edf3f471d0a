"""Timed lines as a SubRip file."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """What is said from one second to another."""

    start: Fraction
    end: Fraction
    text: str


def srt(lines: Sequence[Line]) -> bytes:
    """The lines as SubRip, numbered from 1, in UTF-8."""
    blocks = (
        f"{number}\n{_time(line.start)} --> {_time(line.end)}\n{' '.join(line.text.split())}\n"
        for number, line in enumerate(lines, 1)
    )
    return "\n".join(blocks).encode("utf-8", "replace")


def _time(seconds: Fraction) -> str:
    whole = int(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"
