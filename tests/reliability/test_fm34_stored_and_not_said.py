"""34: a file is stored and the word of it is lost. The word is a row; the try after it writes beside it."""

from datetime import UTC, datetime, timedelta

from contracts.ids import task_text
from runtime import failpoints
from storage.outbound.objects import ObjectStore
from storage.usecases.sweep_orphans import sweep_orphans

from tests.storage.storage_tools import Storage, succeeded, video


async def test_fm34_a_file_whose_word_is_lost_is_stored_again_and_said_once(
    storage: Storage, store: ObjectStore, small_video: bytes
) -> None:
    """Failed without the claim's number in the object's key: the second try wrote over the first.

    What dies between upload and commit leaves an object that no row names; the orphan sweep removes it.
    """
    fact = succeeded(video(storage.serve("/a", small_video)))
    failpoints.arm("storage.uploaded=fail:1")
    await storage.start()
    await storage.accept(fact)
    await storage.retry_now(fact)
    word = await storage.word(fact)
    (asset,) = word.assets
    prefix = f"results/{task_text(fact.task_id)}/"
    stored = [each.key async for page in store.listed(prefix) for each in page]
    assert stored == [f"{prefix}1/0-1.mp4", f"{prefix}1/0-2.mp4"]
    assert asset.object_key == stored[1]
    later = datetime.now(UTC) + timedelta(days=30)
    swept = [each.key async for each in sweep_orphans(storage.db.pool, store, later, delete=True)]
    assert stored[0] in swept
    assert stored[1] not in swept
    assert [each.key async for page in store.listed(prefix) for each in page] == [stored[1]]
