"""Finding a lost generation: our correlation is in the address that it was given for callbacks."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from providers import reading
from providers.outcomes import Absent, Found, LookupOutcome, NextPage, Unknown

PER_PAGE: Final = 100
MARK: Final = "correlation"
SKEW_SECONDS: Final = 60
"""How far Luma's clock may be behind ours."""


def marked(callback_url: str, correlation: str) -> str:
    """The callback's address with our correlation in its query."""
    joint = "&" if urlsplit(callback_url).query else "?"
    return f"{callback_url}{joint}{urlencode({MARK: correlation})}"


def read(page: dict[str, Any] | None, correlation: str, since_epoch_seconds: int) -> LookupOutcome:
    """One page of the list. One of that time that doesn't say where it calls back could be ours."""
    generations = reading.member(page, "generations")
    more = reading.member(page, "has_more")
    if not isinstance(generations, list) or not isinstance(more, bool):
        return Unknown("the answer is no list of generations")
    silent = False
    for each in generations:
        mark = _mark(each)
        job_id = reading.identifier(reading.member(each, "id"))
        if mark == correlation and job_id:
            return Found(job_id)
        silent = silent or (mark is None and _made(each) >= since_epoch_seconds - SKEW_SECONDS)
    if silent:
        return Unknown("a generation of that time doesn't say whose it is")
    return NextPage() if more and generations else Absent()


def _mark(generation: object) -> str | None:
    """What its callback says; empty when it calls somebody else, None when it doesn't say."""
    url = reading.web_url(reading.member(generation, "request", "callback_url"))
    return None if url is None else parse_qs(urlsplit(url).query).get(MARK, [""])[0]


def _made(generation: object) -> float:
    """Unix time of its making; now and for ever where it can't be read."""
    try:
        made = datetime.fromisoformat(str(reading.member(generation, "created_at")))
    except ValueError:
        return float("inf")
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()
