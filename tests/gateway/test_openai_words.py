"""OpenAI's fields in the words of the catalog's models, and back."""

from typing import Any

import pytest
from catalog.catalog import Catalog
from gateway.domain import openai
from gateway.domain.field_words import Mapped, map_fields
from gateway.inbound.http.openai import images, speech, videos
from hypothesis import given
from hypothesis import strategies as st

CATALOG = Catalog.load()
SIZES = ["1280x720", "720x1280", "1024x1024", "1024x1792", "854x480", "1920x1080", "3840x2160"]


def mapped(slug: str, words: Any, **fields: Any) -> Mapped:
    model = CATALOG.models[slug]
    return map_fields(model.schema["properties"], fields, words.places, words.own)


@pytest.mark.parametrize(
    ("slug", "fields", "expected"),
    [
        ("veo3-1-quality", {"seconds": "8"}, {"duration": 8}),
        ("veo3-1-quality", {"size": "1280x720"}, {"resolution": "720p", "aspect_ratio": "16:9"}),
        ("veo3-1-quality", {"size": "2160x3840"}, {"resolution": "4k", "aspect_ratio": "9:16"}),
        ("doubao-seedance-2-0-fast", {"size": "480x854"}, {"resolution": "480p", "size": "9:16"}),
        ("doubao-seedance-2-0-fast", {"seconds": 5}, {"duration": 5}),
        ("doubao-seedance-2-0-fast", {"watermark": "true"}, {"watermark": True}),
        ("doubao-seedance-2-0-fast", {"seed": "7"}, {"seed": 7}),
        ("wan-t2v", {"seconds": "4"}, {"frames": 97}),
        ("wan-t2v", {"size": "832x480"}, {"width": 832, "height": 480}),
        ("wan2-6-i2v-flash", {"input_reference": "https://a.example/b.png"}, None),
    ],
)
def test_a_field_is_said_in_the_models_words(
    slug: str, fields: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    found = mapped(slug, videos.WORDS, **fields)
    assert found.faults == ()
    if expected is None:
        assert found.input == {"image_urls": ["https://a.example/b.png"]}
    else:
        assert found.input == expected
        assert set(found.names.values()) <= set(fields)


@pytest.mark.parametrize(
    ("slug", "fields", "fault"),
    [
        ("wan2-6-i2v-flash", {"size": "1280x720"}, ("size", "unsupported_parameter")),
        ("veo3-1-quality", {"size": "1024x1024"}, ("size", "unsupported_parameter")),
        ("veo3-1-quality", {"size": "big"}, ("size", "unsupported_parameter")),
        ("veo3-1-quality", {"nonsense": 1}, ("nonsense", "unknown_parameter")),
        (
            "wan-t2v",
            {"input_reference": "https://a.example/b.png"},
            ("input_reference", "unsupported_parameter"),
        ),
        ("wan-t2v", {"seconds": "soon"}, ("seconds", "unsupported_parameter")),
    ],
)
def test_what_a_model_has_no_word_for_is_a_fault_with_the_clients_own_name(
    slug: str, fields: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert [(each.param, each.code) for each in mapped(slug, videos.WORDS, **fields).faults] == [fault]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("slug", ["veo3-1-quality", "doubao-seedance-2-0-fast", "wan-t2v"])
def test_a_size_that_was_said_is_shown_again(slug: str, size: str) -> None:
    found = mapped(slug, videos.WORDS, size=size)
    if found.faults:
        return
    shown = openai.shown_size(found.input)
    assert shown is not None
    given, told = openai.parse_size(size), openai.parse_size(shown)
    assert given is not None
    assert told is not None
    assert all(abs(a - b) <= 2 for a, b in zip(given, told, strict=True))


@pytest.mark.parametrize("seconds", range(1, 20))
def test_a_length_in_frames_is_shown_in_seconds(seconds: int) -> None:
    assert openai.shown_seconds(mapped("wan-t2v", videos.WORDS, seconds=seconds).input) == str(seconds)


def test_every_model_has_a_word_for_its_main_field() -> None:
    surfaces = {"video": (videos.WORDS, "prompt"), "image": (images.WORDS, "prompt")}
    for model in CATALOG.models.values():
        if model.kind not in surfaces:
            continue
        words, name = surfaces[model.kind]
        required = set(model.schema.get("required", ()))
        if required & set(openai.PROMPT):
            found = mapped(model.slug, words, **{name: "a cat"})
            assert found.faults == ()
            assert required & found.input.keys()


@given(
    st.dictionaries(
        st.sampled_from([*videos.WORDS.places, *speech.WORDS.places, "seed", "x"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=9)
        | st.lists(st.integers()),
    ),
    st.sampled_from(sorted(CATALOG.models)),
)
def test_nothing_that_may_be_sent_breaks_the_mapping(fields: dict[str, Any], slug: str) -> None:
    for words in (videos.WORDS, images.WORDS, speech.WORDS):
        found = mapped(slug, words, **fields)
        assert len(found.faults) + len(set(found.names.values())) <= len(fields)
