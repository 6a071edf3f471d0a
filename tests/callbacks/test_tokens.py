"""Tokens: one attempt, one token; either secret; never an exception."""

from uuid import UUID

from callback_addresses import token_of
from hypothesis import given
from hypothesis import strategies as st
from providers import tokens

ACCOUNT, TASK = UUID(int=1), UUID(int=2)
providers = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
attempts = st.integers(1, 2**31 - 1)
secrets = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())


def test_the_token_is_the_one_that_was_agreed() -> None:
    assert tokens.sign("key", "ark", ACCOUNT, TASK, 1) == "oTDJrc5NQ2mEVh9PjfpAc-NKgtCvsE-JEJoQv5VE92c"


@given(secrets, providers, st.uuids(), st.uuids(), attempts)
def test_a_token_is_what_its_description_says(
    secret: str, provider: str, account: UUID, task: UUID, attempt: int
) -> None:
    token = tokens.sign(secret, provider, account, task, attempt)
    assert token == token_of(secret, provider, account, task, attempt)
    assert tokens.verify(["other", secret], token, provider, account, task, attempt)
    assert not tokens.verify([secret], token, provider, account, task, attempt + 1)
    assert not tokens.verify([secret + "x"], token, provider, account, task, attempt)


@given(st.text(max_size=60))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert not tokens.verify(["key"], text, "ark", ACCOUNT, TASK, 1)


def test_without_secrets_nothing_is_valid() -> None:
    assert not tokens.verify([], tokens.sign("key", "ark", ACCOUNT, TASK, 1), "ark", ACCOUNT, TASK, 1)
