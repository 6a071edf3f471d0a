"""Result files: kept on disk under unguessable names, served with Range and HEAD."""

import re
import secrets
import time
from pathlib import Path

from simulator.facts import PROVIDERS
from simulator.knobs import ControlPanel, Knobs
from simulator.web import cut_halfway, endless
from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".gif": "image/gif",
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".mp3": "audio/mpeg", ".wav": "audio/wav", ".opus": "audio/ogg", ".aac": "audio/aac",
    ".flac": "audio/flac", ".pcm": "audio/pcm",
    ".srt": "application/x-subrip", ".vtt": "text/vtt", ".txt": "text/plain", ".json": "application/json",
    ".glb": "model/gltf-binary",
}  # fmt: skip
"""Suffix to content type."""

WEB_PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in to go on.</p>"
"""What `result_wrong_type` gives in place of a file."""
NOT_SATISFIABLE = 416
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


class FileStore:
    """Names → files in one directory. A name may also stand for a cached result."""

    def __init__(self, directory: Path, panel: ControlPanel) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        _sweep(directory)
        self.directory, self._panel = directory, panel
        self.cached: dict[str, bytes] = {}
        """By suffix: what all results are while `render` is `cached`."""
        self._known: dict[str, tuple[str, float, bool]] = {}

    def new_path(self, suffix: str) -> Path:
        """A path that doesn't exist yet and can't be guessed."""
        return self.directory / f"{secrets.token_hex(16)}{suffix}"

    def publish(self, name: str, provider: str, at: float, *, cached: bool) -> None:
        """Serve `name` from now on as a result of `provider`, made at unix time `at`."""
        self._known[name] = (provider, at + PROVIDERS[provider].result_seconds, cached)

    def read(self, name: str, provider: str) -> bytes | None:
        """The bytes, wrong ones where that was ordered; None if there is no such file, or no longer."""
        owner, expires_at, cached = self._known.get(name, ("", 0.0, False))
        if owner != provider or time.time() > expires_at:
            return None
        knobs = self._panel.providers[provider]
        if knobs.take("result_expired"):
            return None
        if knobs.take("result_wrong_type"):
            return WEB_PAGE
        data = self._bytes(name, cached=cached)
        return data[: len(data) // 2] if data and knobs.take("result_truncated") else data

    def _bytes(self, name: str, *, cached: bool) -> bytes | None:
        if cached:
            return self.cached.get(Path(name).suffix)
        path = self.directory / name
        return path.read_bytes() if path.exists() else None

    def renewed(self, name: str, provider: str) -> str:
        """`name` while it can be fetched; then a new name, with a new life, for the same file."""
        _, expires_at, cached = self._known.get(name, ("", 0.0, False))
        if time.time() <= expires_at:
            return name
        fresh = self.new_path(Path(name).suffix)
        if (self.directory / name).exists():
            fresh.hardlink_to(self.directory / name)
        self.publish(fresh.name, provider, time.time(), cached=cached)
        return fresh.name

    def expire(self, provider: str) -> None:
        """Let every link that `provider` has given out so far be past its time."""
        for name, (owner, _, cached) in self._known.items():
            if owner == provider:
                self._known[name] = (owner, 0.0, cached)

    def clear(self) -> None:
        """Forget and delete every result."""
        self._known.clear()
        for path in self.directory.iterdir():
            path.unlink(missing_ok=True)


def _sweep(directory: Path) -> None:
    """Delete what an earlier process left and nobody can ask for any more."""
    oldest = time.time() - max(facts.result_seconds for facts in PROVIDERS.values())
    for path in directory.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def serve(request: Request, name: str, data: bytes) -> Response:
    """`data` as the answer: 200, 206 for one satisfiable range, 416 for one that isn't; or as was ordered."""
    media_type = "text/html" if data is WEB_PAGE else TYPES.get(Path(name).suffix, "application/octet-stream")
    answer = _ranged(request, data, media_type)
    knobs: Knobs = request.scope["simulator.knobs"]
    if request.method == "HEAD" or answer.status_code == NOT_SATISFIABLE:
        return answer
    if knobs.take("result_endless"):
        return endless(media_type)
    return cut_halfway(request, answer) if knobs.take("result_cut") else answer


def _ranged(request: Request, data: bytes, media_type: str) -> Response:
    headers = {"accept-ranges": "bytes"}
    wanted = _RANGE.match(request.headers.get("range", ""))
    if wanted is None or not any(wanted.groups()):
        return _body(request, data, 200, headers, media_type)
    first, last = _bounds(wanted, len(data))
    if first > last or first >= len(data):
        headers["content-range"] = f"bytes */{len(data)}"
        return Response(status_code=NOT_SATISFIABLE, headers=headers)
    headers["content-range"] = f"bytes {first}-{last}/{len(data)}"
    return _body(request, data[first : last + 1], 206, headers, media_type)


def _bounds(wanted: re.Match[str], size: int) -> tuple[int, int]:
    start, end = wanted.groups()
    if not start:
        return max(0, size - int(end)), size - 1 if int(end) else -1
    return int(start), min(int(end), size - 1) if end else size - 1


def _body(request: Request, data: bytes, status: int, headers: dict[str, str], media_type: str) -> Response:
    if request.method == "HEAD":
        return Response(
            status_code=status, headers={**headers, "content-length": str(len(data))}, media_type=media_type
        )
    return Response(data, status, headers=headers, media_type=media_type)
