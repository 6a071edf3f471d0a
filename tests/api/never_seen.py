"""Documented answers that no test can provoke, and why; as of 2026-11-21."""

NEVER_SEEN: dict[tuple[str, str, str], str] = {}
