"""What each Seedance series can do, and how large its videos are.

Source: Volcengine Ark / BytePlus ModelArk, "Create a video generation task", pixel table and value ranges
(docs 82379/1520757, 2026); the ranges of duration also in providers.md 4.1.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

Sizes = dict[str, dict[str, tuple[int, int]]]


def _table(**rows: str) -> Sizes:
    ratios = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
    return {
        name: dict(zip(ratios, [_pair(cell) for cell in row.split()], strict=True))
        for name, row in rows.items()
    }


def _pair(cell: str) -> tuple[int, int]:
    width, height = cell.split("x")
    return int(width), int(height)


_SIZES = _table(
    p480="864x496 752x560 640x640 560x752 496x864 992x432",
    p720="1280x720 1112x834 960x960 834x1112 720x1280 1470x630",
    p1080="1920x1080 1664x1248 1440x1440 1248x1664 1080x1920 2206x946",
    p4k="3840x2160 3326x2494 2880x2880 2494x3326 2160x3840 4398x1886",
)
_SIZES_1_0 = _table(
    p480="864x480 736x544 640x640 544x736 480x864 960x416",
    p720="1248x704 1120x832 960x960 832x1120 704x1248 1504x640",
    p1080="1920x1088 1664x1248 1440x1440 1248x1664 1088x1920 2176x928",
)
_SIZES_2_5 = {
    **_SIZES,
    "p480": {**_SIZES["p480"], "16:9": (854, 480), "9:16": (480, 854)},
}


@dataclass(frozen=True, slots=True)
class Series:
    """One series of models."""

    name: str
    resolutions: tuple[str, ...]
    default_resolution: str
    default_ratio: str
    durations: tuple[int, int]
    default_duration: int = 5
    auto_duration: bool = True
    """`duration: -1` lets the model choose."""
    references: bool = True
    """Reference images, videos and sounds."""
    frames: bool = False
    draft: bool = False
    movie: bool = False
    """`output_format: mov`."""
    prompt_suffixes: bool = False
    sound: bool = True
    sizes: str = "2.0"

    def size(self, resolution: str, ratio: str) -> tuple[int, int]:
        """Pixels of a resolution and ratio; `adaptive` must have been settled before."""
        table = {"1.0": _SIZES_1_0, "2.5": _SIZES_2_5}.get(self.sizes, _SIZES)
        return table[_row(resolution)][ratio]

    def nearest_ratio(self, resolution: str, image_size: tuple[int, int]) -> str:
        """The ratio that is closest to the image's."""
        wanted = image_size[0] / image_size[1]
        table = {"1.0": _SIZES_1_0, "2.5": _SIZES_2_5}.get(self.sizes, _SIZES)[_row(resolution)]
        return min(table, key=lambda ratio: abs(table[ratio][0] / table[ratio][1] - wanted))


def _row(resolution: str) -> str:
    return "p4k" if resolution == "4k" else f"p{resolution.removesuffix('p')}"


_LOW: tuple[str, ...] = ("480p", "720p")
_FULL: tuple[str, ...] = (*_LOW, "1080p")

_SERIES: dict[str, Series] = {
    r"seedance-2-5": Series(
        "2.5", _LOW, "720p", "adaptive", (4, 30), default_duration=-1, movie=True, sizes="2.5"
    ),
    r"seedance-2-0-fast": Series("2.0 fast", _LOW, "720p", "adaptive", (4, 15)),
    r"seedance-2-0-mini": Series("2.0 mini", _LOW, "720p", "adaptive", (4, 15)),
    r"seedance-2-0": Series("2.0", (*_FULL, "4k"), "720p", "adaptive", (4, 15)),
    r"seedance-1-5-pro": Series(
        "1.5 pro", _FULL, "720p", "adaptive", (4, 12), references=False, draft=True, prompt_suffixes=True
    ),
    r"seedance-1-0-(?:pro|pro-fast|lite-t2v|lite-i2v)": Series(
        "1.0", _FULL, "1080p", "16:9", (2, 12),
        auto_duration=False, references=False, frames=True, prompt_suffixes=True, sound=False, sizes="1.0",
    ),
}  # fmt: skip


@lru_cache(maxsize=256)
def series_of(model: str) -> Series | None:
    """The series of a model id (`doubao-…-260128`) or of an endpoint (`ep-…`); None if unknown."""
    if model.startswith("ep-"):
        return _SERIES["seedance-2-0-fast"]
    for pattern, series in _SERIES.items():
        if re.fullmatch(rf"(?:doubao-|dreamina-)?{pattern}(?:-\d{{6}})?", model):
            return series
    return None
