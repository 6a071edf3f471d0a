"""Ids: UUIDv7 inside, Crockford text at the edge, and nothing else is one of ours."""

from uuid import UUID

import pytest
from contracts.ids import from_text, task_from_text, task_text, to_text, uuid7
from hypothesis import given
from hypothesis import strategies as st

CROCKFORD = set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


@given(st.uuids())
def test_a_text_is_the_prefix_and_26_crockford_characters_and_comes_back(value: UUID) -> None:
    text = to_text("task_", value)
    assert text.startswith("task_")
    assert len(text) == 31
    assert set(text[5:]) <= CROCKFORD
    assert from_text("task_", text) == task_from_text(text.replace(text[5:], text[5:].lower())) == value


@given(st.uuids(), st.uuids())
def test_texts_sort_as_the_ids_do(one: UUID, other: UUID) -> None:
    assert (to_text("t_", one) < to_text("t_", other)) == (one.int < other.int)


def test_a_known_id_has_the_known_text() -> None:
    assert task_text(UUID(int=0)) == "task_" + "0" * 26
    assert task_text(UUID(int=2**128 - 1)) == "task_7" + "Z" * 25
    assert task_text(UUID(int=32)) == "task_" + "0" * 24 + "10"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "task_",
        "0" * 26,
        "job_" + "0" * 26,
        "task_" + "0" * 25,
        "task_" + "0" * 27,
        "task_" + "0" * 25 + "U",
        "task_" + "0" * 25 + "-",
        "task_" + "0" * 25 + "٣",
        "task_8" + "0" * 25,
        "task_" + "Z" * 26,
        " task_" + "0" * 26,
        "Task_" + "0" * 26,
        "task_" + "0" * 25 + "\n",
    ],
)
def test_any_other_text_is_none(text: str) -> None:
    assert task_from_text(text) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    for candidate in (text, "task_" + text):
        value = task_from_text(candidate)
        assert value is None or task_text(value).lower() == candidate.lower()


def test_new_ids_are_version_7_variant_1_distinct_and_in_order() -> None:
    ids = [uuid7() for _ in range(2000)]
    assert {value.version for value in ids} == {7}
    assert {value.variant for value in ids} == {"specified in RFC 4122"}
    assert len(set(ids)) == len(ids)
    moments = [value.int >> 80 for value in ids]
    assert moments == sorted(moments)
