"""The counters that this process keeps itself say what the library's own would."""

from unittest.mock import patch

from gateway.outbound import rate_store
from hypothesis import given
from hypothesis import strategies as st
from limits.aio.storage import MemoryStorage

EXPIRY = 60
counts = st.integers(0, 50)
ends = st.floats(-90, 90)


@given(
    counted=st.dictionaries(st.sampled_from(["before", "now"]), st.tuples(counts, ends)),
    now=st.floats(1_700_000_000, 1_700_000_600),
)
async def test_a_window_reads_as_the_librarys_own(counted, now) -> None:
    mine, theirs = rate_store._SweptMemory(), MemoryStorage()
    for store in (mine, theirs):
        for key, (count, left) in counted.items():
            store.storage[key] = count
            store.expirations[key] = now + left
    with patch("limits.aio.storage.memory.time.time", return_value=now):
        expected = await theirs._get_sliding_window_info("before", "now", EXPIRY, now)
    assert await mine._get_sliding_window_info("before", "now", EXPIRY, now) == expected
