from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage.domain.copy import GiveUp
from storage.domain.plan import plan
from storage.domain.task import Output, OutputKind

from tests.storage.storage_tools import video

FRAME = Output(1, "image", "last_frame", "u")
KINDS: list[OutputKind] = ["video", "image", "audio", "subtitle", "mesh", "text"]
OUTPUTS = st.lists(
    st.builds(Output, st.integers(0, 50), st.sampled_from(KINDS), st.sampled_from([None, "x"]), st.just("u")),
    min_size=1,
    unique_by=lambda output: output.index,
)
DERIVE = st.lists(st.sampled_from(["gif", "last_frame", "watermark"]), unique=True)


def test_derived_files_are_stored_after_the_providers_own() -> None:
    made = plan([video("u"), FRAME], ["last_frame", "gif"])
    assert not isinstance(made, GiveUp)
    assert [(each.index, dict(each.derived)) for each in made] == [(0, {"gif": 2, "last_frame": 3}), (1, {})]


def test_a_watermark_goes_on_every_picture_and_on_nothing_else() -> None:
    rest = [Output(n, kind, None, "u") for n, kind in enumerate(("audio", "subtitle", "mesh", "text"), 2)]
    made = plan([video("u"), FRAME, *rest], ["watermark"])
    assert not isinstance(made, GiveUp)
    assert [each.watermark for each in made] == [True, True, False, False, False, False]


@given(OUTPUTS, DERIVE)
def test_no_two_files_of_a_task_share_an_index(outputs: Sequence[Output], derive: Sequence[str]) -> None:
    made = plan(outputs, derive)
    assert not isinstance(made, GiveUp)
    indexes = [index for each in made for index in (each.index, *each.derived.values())]
    assert len(indexes) == len(set(indexes))
    assert {output.index for output in outputs} <= set(indexes)
    assert made == plan(list(reversed(outputs)), derive), "a later try must name the same files the same way"


@pytest.mark.parametrize(
    ("outputs", "derive", "code"),
    [
        ([], [], "storage_failed"),
        ([video("u")], ["hologram"], "storage_failed"),
    ],
)
def test_what_cant_be_stored_whole_is_refused_at_once(
    outputs: Sequence[Output], derive: Sequence[str], code: str
) -> None:
    made = plan(outputs, derive)
    assert isinstance(made, GiveUp)
    assert made.code == code
