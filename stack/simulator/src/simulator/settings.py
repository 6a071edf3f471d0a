"""What the simulator is started with: the command line and `SIM_*` environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Fixed for the life of the process; what can change while it runs is in `knobs`."""

    host: str = "127.0.0.1"
    port: int = 9400
    data_dir: Path | None = None
    """Jobs, log and files survive a restart when this is given; otherwise a temporary directory."""
    public_url: str | None = None
    """Base of the result links; without it, the address that the submitting client used."""
    delay_seconds: float = 2.0
    """From accepted to finished, unless rendering takes longer."""
    render: str = "real"
    """`real` renders each result, `cached` serves one small file of each format for all."""
    render_processes: int = 2
    font_path: str | None = None
    """A TrueType font for captions; the one built into Pillow has no CJK glyphs (they show as boxes)."""
    strict_inputs: bool = False
    """True: a job whose input can't be fetched or isn't media fails as it does at the provider."""
    query_qps: int = 0
    """DashScope's limit on task queries (20 at the real one); 0 is off."""
    gemini_https_uris: bool = False
    """True: Gemini's file URIs look like Google's, which the official SDK insists on."""
    callback_timeout_seconds: float = 5.0
    callback_retry_seconds: float = 1.0
    """Wait before a callback's first retry; doubles each time."""


_CJK_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
)


def from_environment(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `SIM_*`. Raises ValueError that names the variable at fault."""
    default = Settings()
    data = env.get("SIM_DATA", "")
    return Settings(
        host=env.get("SIM_HOST", default.host),
        port=int(_number(env, "SIM_PORT", default.port)),
        data_dir=Path(data) if data else None,
        public_url=(env.get("SIM_PUBLIC_URL") or "").rstrip("/") or None,
        delay_seconds=_number(env, "SIM_DELAY_SECONDS", default.delay_seconds),
        render=_one_of(env, "SIM_RENDER", ("real", "cached")),
        render_processes=max(1, int(_number(env, "SIM_RENDER_PROCESSES", default.render_processes))),
        font_path=env.get("SIM_FONT") or next((path for path in _CJK_FONTS if Path(path).exists()), None),
        strict_inputs=_flag(env, "SIM_STRICT_INPUTS"),
        query_qps=int(_number(env, "SIM_QUERY_QPS", default.query_qps)),
        gemini_https_uris=_flag(env, "SIM_GEMINI_HTTPS_URIS"),
        callback_timeout_seconds=_number(
            env, "SIM_CALLBACK_TIMEOUT_SECONDS", default.callback_timeout_seconds
        ),
        callback_retry_seconds=_number(env, "SIM_CALLBACK_RETRY_SECONDS", default.callback_retry_seconds),
    )


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "")
    try:
        value = float(text) if text else float(default)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {text!r}") from None
    if value < 0:
        raise ValueError(f"{name} can't be negative")
    return value


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").lower()
    if text not in ("", "0", "1", "true", "false"):
        raise ValueError(f"{name} must be 1 or 0, not {text!r}")
    return text in ("1", "true")


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    text = env.get(name) or allowed[0]
    if text not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {text!r}")
    return text
