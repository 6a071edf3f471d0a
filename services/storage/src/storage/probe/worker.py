"""The child process that opens files nobody vouches for: one JSON job a line in, one JSON answer a line out.

A job names a file, or how many bytes of content follow its line; those become a file in memory. The process
limits its own memory and time, keeps no secret in its environment and opens nothing but files.
"""

import json
import os
import resource
import select
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import av
import av.logging

from storage.probe.derive import add_watermark, make_gif, save_last_frame
from storage.probe.errors import UnreadableError
from storage.probe.inspect import inspect

_DERIVATIONS: Final = {"gif": make_gif, "last_frame": save_last_frame, "watermark": add_watermark}
_MAX_OPEN_FILES: Final = 64


def main() -> None:
    """Answer jobs until the parent closes the pipe, or until nothing came for a while (exit code 0)."""
    limits = json.loads(sys.argv[1])
    answers = _take_stdout()
    _restrict(limits)
    memory = os.memfd_create("content")
    while select.select([sys.stdin], [], [], limits["idle_seconds"])[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        job = json.loads(line)
        if "bytes" in job:
            job["source"] = _kept(memory, sys.stdin.buffer.read(job["bytes"]))
        # Ends a job whose parent is gone; the parent's own timeout comes first.
        signal.setitimer(signal.ITIMER_REAL, job["seconds"] + 5)
        answer = _answer(job, limits["max_pixels"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.write(answers, json.dumps(answer).encode() + b"\n")
        if answer.get("error") == "probe_out_of_memory":
            return


def _kept(memory: int, content: bytes) -> str:
    """Put content into a file in memory and name it."""
    os.ftruncate(memory, 0)
    os.pwrite(memory, content, 0)
    return f"/proc/self/fd/{memory}"


def _answer(job: dict[str, Any], max_pixels: int) -> dict[str, Any]:
    source = Path(job["source"])
    try:
        if job["what"] == "probe":
            return {"probe": asdict(inspect(source, max_pixels))}
        _DERIVATIONS[job["what"]](source, Path(job["target"]), max_pixels)
    except UnreadableError as error:
        return {"error": "unreadable", "message": str(error)}
    except MemoryError:
        return {"error": "probe_out_of_memory", "message": "the file needs too much memory"}
    except (av.FFmpegError, OSError, ValueError) as error:
        return {"error": "derive_failed", "message": f"{job['what']} failed: {type(error).__name__}"}
    return {}


def _take_stdout() -> int:
    """Keep the answers' pipe to ourselves: whatever else a library prints goes to stderr."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _restrict(limits: dict[str, Any]) -> None:
    av.logging.set_level(None)
    for what, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))


if __name__ == "__main__":
    main()
