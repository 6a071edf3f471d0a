"""Each failure mode has tests that carry its number, wherever in the suite they are."""

import re
from collections import Counter
from pathlib import Path

from failure_modes import MODES

TESTS = Path(__file__).parents[1]
_NUMBERED = re.compile(r"^(?:async )?def test_fm(\d\d)_", re.MULTILINE)


def numbered() -> Counter[int]:
    """How many tests each number has."""
    sources = (path.read_text("utf-8") for path in TESTS.glob("**/test_*.py"))
    return Counter(int(number) for source in sources for number in _NUMBERED.findall(source))


def test_the_modes_of_requests_and_events_have_tests_and_every_numbered_test_has_a_mode() -> None:
    assert list(MODES) == list(range(1, 39))
    assert set(numbered()) <= set(MODES)
    assert [number for number in MODES if not numbered()[number]] == []
