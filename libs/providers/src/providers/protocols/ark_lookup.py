"""Finding a lost Ark task by the correlation in its `safety_identifier`.

Source: GET /contents/generations/tasks, `page_num`, `page_size` 1-500 and `filter.model`; newest first.
"""

from itertools import pairwise
from typing import Any

from providers import reading
from providers.http import HttpResponse
from providers.outcomes import Absent, Found, LookupOutcome, NextPage, Unknown

PAGE_SIZE = 100
CLOCK_MARGIN_SECONDS = 120
"""How far Ark's clock may be behind ours before a task of ours looks older than its submit."""


def read(response: HttpResponse, correlation: str, since_epoch_seconds: int) -> LookupOutcome:
    """Found, or absent once the list is at its end or older than `since` throughout."""
    body = reading.json_object(response.body)
    items = [] if reading.member(body, "total") == 0 else reading.member(body, "items")
    if response.status != 200 or not isinstance(items, list):
        return Unknown(reading.describe(response))
    for item in items:
        if reading.member(item, "safety_identifier") == correlation:
            job_id = reading.identifier(reading.member(item, "id"))
            return Found(job_id) if job_id else Unknown("our task is listed without a usable id")
    if not items or _ends_before(items, since_epoch_seconds - CLOCK_MARGIN_SECONDS):
        return Absent()
    return NextPage()


def _ends_before(items: list[Any], epoch_seconds: int) -> bool:
    """Whether everything after this page is older too: only if the page is sorted and its last task is."""
    created = [reading.whole(reading.member(item, "created_at")) for item in items]
    known = [each for each in created if each is not None]
    descending = all(newer >= older for newer, older in pairwise(known))
    return descending and len(known) == len(items) and known[-1] < epoch_seconds
