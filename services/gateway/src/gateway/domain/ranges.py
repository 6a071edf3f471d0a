"""Byte ranges of HTTP (RFC 9110, 14): one range is served, a list of ranges is answered in full."""

import re

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Unsatisfiable(Exception):
    """The range begins past the end."""


def parse(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte asked for; None when the whole file is to be sent. Raises Unsatisfiable."""
    found = _ONE.fullmatch((header or "").strip().replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise Unsatisfiable
        return size - length, size - 1
    start, end = int(first), int(last) if last else size - 1
    if last and end < start:
        return None  # not a range at all: ignored
    if start >= size:
        raise Unsatisfiable
    return start, min(end, size - 1)
