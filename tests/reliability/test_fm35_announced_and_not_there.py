"""35: a file is announced and is not there, or broken. Nothing is said before the store has confirmed it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from outage_tools import way_to
from storage.outbound.objects import StoreConfig, open_store

from tests.ledger.conftest import a, ledger, say, shared_db, t  # noqa: F401 -- fixtures
from tests.storage.storage_tools import Storage, succeeded, until, video


async def test_fm35_what_was_spoiled_on_its_way_to_the_store_is_not_said(
    storage: Storage, small_video: bytes
) -> None:
    """Failed without the body's hash in the signature of `DirectPut`: nobody refused the spoiled file."""
    fact = succeeded(video(storage.serve("/a", small_video)))
    async with way_to(storage.store.endpoint) as way:
        way.spoil = lambda data: data.replace(b"mdat", b"mdax")
        storage.store = replace(storage.store, endpoint=way.instead_of(storage.store.endpoint))
        await storage.start()
        await storage.accept(fact)

        async def refused() -> bool:
            return bool((await storage.row(fact))["fault_code"] == "object_store_failed")

        await until(refused)
        assert await storage.said() == []
        way.spoil = None
        await storage.retry_now(fact)
        assert (await storage.word(fact)).outcome == "stored"


async def test_fm35_a_store_that_kept_less_than_it_was_given_is_not_believed(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failed without `Upload._verify`: the object counted as stored."""
    from storage.outbound import objects

    info = objects._info
    monkeypatch.setattr(objects, "_info", lambda answer: replace(info(answer), size_bytes=17))
    async with open_store(store_config) as store, store.upload("results/test/fm35", "video/mp4") as upload:
        await upload.part(b"x" * objects.PART_BYTES)
        await upload.part(b"y")
        with pytest.raises(objects.ObjectStoreError, match="17 of"):
            await upload.complete()


async def test_fm35_nothing_is_charged_before_the_file_is_stored(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    """Failed without `stored` in the condition to settle in `domain/decide.py`: 30 were charged at once."""
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30), say.succeeded(a, t))
    assert (await ledger.balance(a))[:2] == (70, 30)
    await ledger.tell(say.not_stored(a, t))
    assert (await ledger.balance(a))[:2] == (100, 0)
