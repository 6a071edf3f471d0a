"""Tiers of accounts: what each may do, as data."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.money import MICRO_PER_CREDIT


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier. `rank` grows with what it may do; sides are in pixels; limits per account."""

    name: str
    title: str
    rank: int
    monthly_credits: int
    max_short_side: int
    max_frames: int
    watermark: bool
    submits_per_minute: int
    reads_per_minute: int
    reads_per_minute_per_live_task: int
    max_upload_bytes: int
    """Of one file; its kind has a limit too."""
    max_live_tasks: int | None
    """Unfinished tasks at once; None: any number."""

    @property
    def monthly_micro(self) -> int:
        """The monthly credits in micro-credits."""
        return self.monthly_credits * MICRO_PER_CREDIT


def lowest(tiers: Iterable[Tier], short_side: int = 0, frames: int = 0) -> Tier | None:
    """The lowest tier that may have a video of this short side and so many frames; None if none may."""
    able = [each for each in tiers if each.max_short_side >= short_side and each.max_frames >= frames]
    return min(able, key=lambda each: each.rank, default=None)
