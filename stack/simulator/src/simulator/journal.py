"""Jobs on disk: a JSON line per accepted job and per lasting change, so that a restart forgets nothing."""

import base64
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
from simulator.inputs import MediaInput
from simulator.jobs import Job

_KEPT_ON_CHANGE = (
    "state", "started_at", "finished_at", "size", "input_seconds", "files", "cached", "usage",
    "error", "deleted", "params", "billed", "contradicted",
)  # fmt: skip
_KEPT_AT_FIRST = tuple(f.name for f in fields(Job) if f.name != "inputs")


class Journal:
    """An append-only file. Each line reaches the operating system before the client gets its answer."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = _open(path) if path else None

    def accepted(self, job: Job) -> None:
        """Write a new job down."""
        if self._file is None:
            return
        record = {name: getattr(job, name) for name in _KEPT_AT_FIRST}
        self._append({"op": "accepted", **record, "inputs": [_packed(i) for i in job.inputs]})

    def changed(self, job: Job) -> None:
        """Write down where a job stands now."""
        if self._file is not None:
            record = {name: getattr(job, name) for name in _KEPT_ON_CHANGE}
            self._append({"op": "changed", "provider": job.provider, "id": job.id, **record})

    def load(self) -> list[Job]:
        """All jobs in the order they were accepted. A line cut short by a kill is left out."""
        if self._path is None:
            return []
        jobs: dict[tuple[str, str], Job] = {}
        for line in self._path.read_bytes().splitlines():
            try:
                record: dict[str, Any] = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            _apply(jobs, record)
        return list(jobs.values())

    def clear(self) -> None:
        """Forget everything."""
        if self._file is not None:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            os.write(self._file, orjson.dumps(record) + b"\n")


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o600)
    # A line that a kill cut short must not swallow the next one.
    if os.fstat(file).st_size and os.pread(file, 1, os.fstat(file).st_size - 1) != b"\n":
        os.write(file, b"\n")
    return file


def _apply(jobs: dict[tuple[str, str], Job], record: dict[str, Any]) -> None:
    operation = record.pop("op")
    for name in ("size", "error"):
        record[name] = tuple(record[name]) if record[name] else None
    if operation == "accepted":
        record["inputs"] = [_unpacked(i) for i in record["inputs"]]
        jobs[record["provider"], record["id"]] = Job(**record)
        return
    job = jobs.get((record["provider"], record["id"]))
    if job is not None:
        for name in _KEPT_ON_CHANGE:
            setattr(job, name, record[name])


def _packed(item: MediaInput) -> dict[str, Any]:
    data = base64.b64encode(item.data).decode() if item.data else None
    return {"kind": item.kind, "url": item.url, "data": data}


def _unpacked(record: dict[str, Any]) -> MediaInput:
    data = base64.b64decode(record["data"]) if record["data"] else None
    return MediaInput(record["kind"], record["url"], data)
