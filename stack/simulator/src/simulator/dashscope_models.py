"""What each Wan model takes (providers.md 5.1; help.aliyun.com, Wan 2.2 to 3.0)."""

import re
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["t2v", "i2v", "kf2v", "r2v", "edit", "all"]
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
_TABLE = {
    "480P": "832*480 480*832 624*624 720*544 544*720",
    "720P": "1280*720 720*1280 960*960 1088*832 832*1088",
    "1080P": "1920*1080 1080*1920 1440*1440 1632*1248 1248*1632",
}
SIZES = {name: dict(zip(RATIOS, row.split(), strict=True)) for name, row in _TABLE.items()}
"""Resolution and ratio to "W*H"."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, or all that differ in nothing but their name."""

    kind: Kind
    media: bool = False
    """`input.media[]`, `resolution` and `ratio`, in place of named URLs and a size."""
    resolutions: tuple[str, ...] = ("720P", "1080P")
    default_resolution: str = "1080P"
    durations: tuple[int, ...] = tuple(range(2, 16))
    prompt_limit: int = 1500
    silent: Literal["never", "by request", "always"] = "never"
    old_usage: bool = False
    """Billed in `video_duration` and `video_ratio`, as up to 2.5."""

    @property
    def sizes(self) -> tuple[str, ...]:
        """Every "W*H" of the resolutions it has."""
        return tuple(size for name in self.resolutions for size in SIZES[name].values())


_ALL = ("480P", "720P", "1080P")
_W25 = Model("t2v", resolutions=_ALL, durations=(5, 10), old_usage=True)
_W26 = Model("t2v")
_W27 = Model("t2v", media=True, prompt_limit=5000)
_W30 = Model(
    "all", media=True, prompt_limit=5000, resolutions=_ALL, default_resolution="720P",
    durations=tuple(range(2, 31)), silent="by request",
)  # fmt: skip
_KEYFRAMES = Model(
    "kf2v", resolutions=_ALL, default_resolution="720P", durations=(5,), prompt_limit=800, silent="always",
    old_usage=True,
)  # fmt: skip
_MODELS = {
    "wan2.2-kf2v-flash": _KEYFRAMES,
    "wanx2.1-kf2v-plus": replace(_KEYFRAMES, resolutions=("720P",)),
    "wan2.5-t2v-preview": _W25,
    "wan2.5-i2v-preview": replace(_W25, kind="i2v"),
    "wan2.6-t2v": _W26,
    "wan2.6-t2v-us": _W26,
    "wan2.6-i2v": replace(_W26, kind="i2v"),
    "wan2.6-i2v-us": replace(_W26, kind="i2v"),
    "wan2.6-i2v-flash": replace(_W26, kind="i2v", silent="by request"),
    "wan2.6-r2v": replace(_W26, kind="r2v", durations=tuple(range(2, 11))),
    "wan2.6-r2v-flash": replace(_W26, kind="r2v", durations=tuple(range(2, 11)), silent="by request"),
    "wan2.7-t2v": _W27,
    "wan2.7-i2v": replace(_W27, kind="i2v"),
    "wan2.7-r2v": replace(_W27, kind="r2v"),
    "wan2.7-videoedit": replace(_W27, kind="edit"),
    "wan3.0-video": _W30,
    "wan3.0-video-prime": _W30,
}
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def model_of(name: str) -> Model | None:
    """The model by its name, or by the name of one of its dated snapshots; None if unknown."""
    return _MODELS.get(_SNAPSHOT.sub("", name))
