"""36: a provider's link ends before the copy. The provider is asked for the job, and for a link, again."""

import pytest

from tests.storage.storage_tools import ASK, Storage, succeeded, video


async def test_fm36_the_provider_is_asked_for_a_fresh_address_when_ours_has_expired(
    storage: Storage, small_video: bytes
) -> None:
    """Failed without the question for a fresh address in `copy_task`: the result was given up."""
    storage.provider.answer("/old", "403 Forbidden")
    storage.answer_poll(storage.serve("/new", small_video))
    fact = succeeded(video(storage.provider.url("/old")))
    await storage.start()
    await storage.accept(fact)
    assert (await storage.word(fact)).outcome == "stored"
    assert [path for path, _ in storage.provider.seen] == ["/old", ASK, "/new"]
    assert dict(storage.provider.seen)[ASK]["authorization"] == "Bearer key"
    assert "authorization" not in dict(storage.provider.seen)["/new"]


@pytest.mark.parametrize(
    ("answer", "body", "said"),
    [
        ("200 OK", b'{"id": "cgt-1", "status": "failed", "error": {"code": "X", "message": "m"}}', "failed"),
        ("404 Not Found", b'{"error": {"code": "ResourceNotFound", "message": "m"}}', "gone"),
    ],
)
async def test_fm36_an_expired_result_that_the_provider_no_longer_has_is_a_failure(
    storage: Storage, answer: str, body: bytes, said: str
) -> None:
    """The customer pays nothing. Failed without the provider's word on it: it was asked without end."""
    storage.provider.answer("/old", "410 Gone")
    storage.provider.answer(ASK, f"{answer}\r\ncontent-length: {len(body)}", body)
    fact = succeeded(video(storage.provider.url("/old")))
    await storage.start()
    await storage.accept(fact)
    word = await storage.word(fact)
    assert (word.outcome, word.error_code) == ("failed", "storage_failed")
    assert word.error_message is not None
    assert f"the provider now says {said}" in word.error_message
