"""Lines as if somebody had been heard, in the usual formats of subtitles."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from simulator.render.spec import SubtitleSpec

CUE_SECONDS = 3.0
_LINES = {
    "en": (
        "Good morning, and welcome back.", "The weather has turned since yesterday.",
        "Let us look at the harbour first.", "Nobody had expected so many visitors.",
        "You can hear the bells from here.", "That is where the old road ends.",
        "We will come to that in a moment.", "Thank you for listening.",
    ),
    "zh": (
        "大家早上好，欢迎回来。", "天气从昨天起变了。", "我们先去港口看看。", "没想到来了这么多人。",
        "在这里能听见钟声。", "老路到这里就结束了。", "这个我们马上会讲到。", "谢谢收听。",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cue:
    """One line and when it is heard, in seconds."""

    start: float
    end: float
    text: str


def cues(spec: SubtitleSpec) -> list[Cue]:
    """A line every three seconds; they end with the sound."""
    lines = _LINES.get(spec.language[:2].lower(), _LINES["en"])
    first = hashlib.sha256(spec.look.encode()).digest()[0]
    total = max(0.1, spec.seconds)
    found: list[Cue] = []
    while len(found) * CUE_SECONDS < total:
        start = len(found) * CUE_SECONDS
        line = lines[(first + len(found)) % len(lines)]
        found.append(Cue(start, round(min(total, start + CUE_SECONDS - 0.2), 3), line))
    return found


def subtitle(spec: SubtitleSpec, suffix: str) -> str:
    """The text of a `.srt`, `.vtt`, `.txt` or `.json` file."""
    found = cues(spec)
    if suffix == ".srt":
        return "".join(
            f"{number}\n{_stamp(cue.start, ',')} --> {_stamp(cue.end, ',')}\n{cue.text}\n\n"
            for number, cue in enumerate(found, 1)
        )
    if suffix == ".vtt":
        blocks = (f"{_stamp(cue.start, '.')} --> {_stamp(cue.end, '.')}\n{cue.text}\n\n" for cue in found)
        return "WEBVTT\n\n" + "".join(blocks)
    return json.dumps(verbose(spec), ensure_ascii=False) if suffix == ".json" else plain(spec) + "\n"


def plain(spec: SubtitleSpec) -> str:
    """All lines in one."""
    return " ".join(cue.text for cue in cues(spec))


def verbose(spec: SubtitleSpec) -> dict[str, Any]:
    """Whisper's verbose JSON."""
    segments = [
        {
            "id": number, "seek": 0, "start": cue.start, "end": cue.end, "text": cue.text,
            "tokens": [50364 + number], "temperature": 0.0, "avg_logprob": -0.28, "compression_ratio": 1.2,
            "no_speech_prob": 0.01,
        }
        for number, cue in enumerate(cues(spec))
    ]  # fmt: skip
    return {
        "task": "transcribe",
        "language": {"zh": "chinese"}.get(spec.language[:2].lower(), "english"),
        "duration": round(spec.seconds, 2),
        "text": plain(spec),
        "segments": segments,
    }


def words(spec: SubtitleSpec) -> list[dict[str, Any]]:
    """Each word and when it is heard: a line's time in equal parts."""
    found: list[dict[str, Any]] = []
    for cue in cues(spec):
        parts = cue.text.split() if " " in cue.text else list(cue.text)
        step = (cue.end - cue.start) / len(parts)
        for number, word in enumerate(parts):
            start = cue.start + number * step
            found.append({"word": word, "start": round(start, 3), "end": round(start + step, 3)})
    return found


def _stamp(seconds: float, comma: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{comma}{rest % 1000:03}"
