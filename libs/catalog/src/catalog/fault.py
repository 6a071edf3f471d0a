"""What is wrong with an input, and where."""

from dataclasses import dataclass

ROOT = "input"


@dataclass(frozen=True, slots=True)
class Fault:
    """`param` is a path such as `input.image_urls[0]`; `code` is stable; `message` is for people."""

    param: str
    code: str
    message: str


def path(*steps: str | int) -> str:
    """The path below `input`: names after dots, indexes in brackets."""
    return ROOT + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
