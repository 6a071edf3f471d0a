"""The chapters that the document's operations are read in; whose a path is follows from its prefix."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Chapter:
    """A name, what it is about, and the prefixes of its paths."""

    name: str
    about: str
    prefixes: tuple[str, ...]


CHAPTERS: Final = (
    Chapter("Tasks", "Submit a task, follow it, cancel it, list and delete them.", ("/api/v1/tasks",)),
    Chapter(
        "Models",
        "What can be made, with each model's input as JSON Schema and its price.",
        ("/api/v1/models",),
    ),
    Chapter("Files", "Files in, and results out.", ("/api/v1/uploads", "/files")),
    Chapter(
        "Credits and usage", "What is there, what was spent, on what.", ("/api/v1/credits", "/api/v1/usage")
    ),
    Chapter("Keys", "Keys, their scopes, caps and quotas.", ("/api/v1/keys",)),
    Chapter("Webhooks", "Where tasks' ends are told, signed (Standard Webhooks).", ("/api/v1/webhooks",)),
    Chapter("OpenAI", "OpenAI's API for videos, images and speech: their SDK as it is.", ("/v1/",)),
    Chapter("Video", "mind2video's routes.", ("/api/v1/video", "/api/v1/config")),
    Chapter("Quick start", "Jobs, generations and galleries under one short prefix.", ("/api/",)),
    Chapter(
        "Operator",
        "Accounts, grants, holds, dead letters, providers; for accounts that are operators.",
        ("/api/v1/admin",),
    ),
)


OTHER: Final = Chapter("Other", "What belongs to no other chapter.", ("/",))
"""For a path that nobody gave a chapter; a test finds it empty."""


def chapter_of(path: str) -> Chapter:
    """The chapter with the longest prefix of the path."""
    found = [
        (len(prefix), each)
        for each in (*CHAPTERS, OTHER)
        for prefix in each.prefixes
        if path.startswith(prefix)
    ]
    return max(found, key=lambda pair: pair[0])[1]


def tags() -> list[dict[str, str]]:
    """The document's `tags`, in reading order."""
    return [{"name": each.name, "description": each.about} for each in CHAPTERS]
