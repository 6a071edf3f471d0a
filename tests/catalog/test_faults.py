from copy import deepcopy
from typing import Any

import pytest
from catalog.catalog import Catalog
from catalog.fault import Fault
from catalog.media import inline_bytes
from hypothesis import given
from hypothesis import strategies as st

WAN, SEEDANCE, VEO = "wan2-6-i2v-flash", "doubao-seedance-2-0-fast", "veo3-1-quality"
IMAGE, VIDEO, AUDIO = "https://example.com/i.jpg", "https://example.com/v.mp4", "https://example.com/a.mp3"
PNG = "data:image/png;base64,iVBORw0KGgo="
CONFLICT, ROLED = "conflicting_fields", "input.image_with_roles[{}]"
BAD_ROLED = {"url": "x", "role": "reference_image"}
BASE: dict[str, dict[str, Any]] = {
    WAN: {"image_urls": [IMAGE]},
    SEEDANCE: {"prompt": "p"},
    VEO: {"prompt": "p"},
}


def faults(catalog: Catalog, slug: str, more: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.param, each.code) for each in catalog.models[slug].faults({**BASE[slug], **more})]


def roles(*names: str) -> dict[str, Any]:
    return {"image_with_roles": [{"url": IMAGE, "role": name} for name in names]}


@pytest.mark.parametrize(
    ("slug", "more"),
    [
        (WAN, {"image_urls": [PNG], "seed": 2147483647, "prompt": "x" * 1500}),
        (WAN, {"shot_type": "multi"}),
        (WAN, {"audio": False, "audio_url": AUDIO}),
        (WAN, {"duration": 5.0}),
        (SEEDANCE, {"image_urls": [IMAGE, PNG, "asset://image-1"]}),
        (
            SEEDANCE,
            {"image_urls": [], "audio_urls": [], "image_with_roles": [], "tools": []},
        ),
        (SEEDANCE, {"audio_urls": [AUDIO], "video_urls": [VIDEO]}),
        (SEEDANCE, {"audio_urls": [AUDIO], "image_urls": [IMAGE]}),
        (SEEDANCE, {"audio_urls": [AUDIO], **roles("reference_image")}),
        (SEEDANCE, {"video_urls": [VIDEO], **roles("reference_image", "reference_image")}),
        (SEEDANCE, roles("first_frame")),
        (SEEDANCE, roles("last_frame", "first_frame")),
        (SEEDANCE, {"tools": [{"type": "web_search"}], "seed": 0}),
        (VEO, {"image_urls": [IMAGE, IMAGE], "generation_type": "frame", "enable_gif": True, "duration": 8}),
    ],
)
def test_what_the_provider_takes_is_faultless(catalog: Catalog, slug: str, more: dict[str, Any]) -> None:
    assert faults(catalog, slug, more) == []


@pytest.mark.parametrize(
    ("slug", "more", "param", "code"),
    [
        (WAN, {"image_urls": []}, "input.image_urls", "too_few_items"),
        (WAN, {"image_urls": [IMAGE, IMAGE]}, "input.image_urls", "too_many_items"),
        (WAN, {"image_urls": ["portrait.jpg"]}, "input.image_urls[0]", "invalid_url"),
        (WAN, {"image_urls": ["ftp://a/b"]}, "input.image_urls[0]", "invalid_url"),
        (WAN, {"image_urls": ["https://"]}, "input.image_urls[0]", "invalid_url"),
        (WAN, {"image_urls": ["https://[x"]}, "input.image_urls[0]", "invalid_url"),
        (WAN, {"image_urls": ["https://a b"]}, "input.image_urls[0]", "invalid_url"),
        (WAN, {"image_urls": ["asset://a"]}, "input.image_urls[0]", "invalid_url"),
        (WAN, {"image_urls": ["data:image/png;base64,%%"]}, "input.image_urls[0]", "invalid_data_uri"),
        (WAN, {"image_urls": ["data:image/png;base64,"]}, "input.image_urls[0]", "invalid_data_uri"),
        (WAN, {"image_urls": ["data:image/png,abc"]}, "input.image_urls[0]", "invalid_data_uri"),
        (WAN, {"image_urls": ["data:text/html;base64,aGk="]}, "input.image_urls[0]", "invalid_data_uri"),
        (WAN, {"audio_url": PNG}, "input.audio_url", "data_uri_not_allowed"),
        (WAN, {"duration": 1}, "input.duration", "out_of_range"),
        (WAN, {"duration": 5.5}, "input.duration", "invalid_type"),
        (WAN, {"duration": True}, "input.duration", "invalid_type"),
        (WAN, {"duration": "5"}, "input.duration", "invalid_type"),
        (WAN, {"duration": None}, "input.duration", "invalid_type"),
        (WAN, {"resolution": "480p"}, "input.resolution", "invalid_value"),
        (WAN, {"seed": -1}, "input.seed", "out_of_range"),
        (WAN, {"seed": 2147483648}, "input.seed", "out_of_range"),
        (WAN, {"seed": 1e300}, "input.seed", "out_of_range"),
        (WAN, {"prompt": "x" * 1501}, "input.prompt", "too_long"),
        (WAN, {"negative_prompt": "x" * 501}, "input.negative_prompt", "too_long"),
        (WAN, {"shot_type": "multi", "prompt_extend": False}, "input.shot_type", "missing_companion"),
        (WAN, {"prompt": "a\x00b"}, "input.prompt", "invalid_character"),
        (WAN, {"prompt": "a\ud800b"}, "input.prompt", "invalid_character"),
        (SEEDANCE, {"prompt": ""}, "input.prompt", "too_short"),
        (SEEDANCE, {"prompt": " \n"}, "input.prompt", "too_short"),
        (VEO, {"prompt": "\u3000"}, "input.prompt", "too_short"),
        (SEEDANCE, {"tools": [{"type": "web_search"}], "image_urls": [IMAGE]}, "input.tools", CONFLICT),
        (SEEDANCE, {"novel": 1}, "input.novel", "unknown_field"),
        (SEEDANCE, {"tools": [{}]}, "input.tools[0].type", "required"),
        (SEEDANCE, {"tools": [{"type": "x"}]}, "input.tools[0].type", "invalid_value"),
        (SEEDANCE, {"tools": [{"type": "web_search", "x": 1}]}, "input.tools[0].x", "unknown_field"),
        (SEEDANCE, {"audio_urls": [AUDIO]}, "input.audio_urls", "missing_companion"),
        (SEEDANCE, {"video_urls": [VIDEO, "x"]}, "input.video_urls[1]", "invalid_url"),
        (SEEDANCE, {"image_urls": [IMAGE], **roles("reference_image")}, "input.image_urls", CONFLICT),
        (SEEDANCE, roles("first_frame", "first_frame"), "input.image_with_roles[1]", "too_many_items"),
        (SEEDANCE, roles("last_frame"), "input.image_with_roles[0]", "missing_companion"),
        (SEEDANCE, {"video_urls": [VIDEO], **roles("first_frame")}, ROLED.format(0), CONFLICT),
        (SEEDANCE, roles("reference_image", "first_frame"), ROLED.format(1), CONFLICT),
        (SEEDANCE, {"image_with_roles": [BAD_ROLED]}, "input.image_with_roles[0].url", "invalid_url"),
        (VEO, {"image_urls": [PNG]}, "input.image_urls[0]", "data_uri_not_allowed"),
        (VEO, {"image_urls": ["DATA:image/png;base64,AA=="]}, "input.image_urls[0]", "data_uri_not_allowed"),
        (VEO, {"image_urls": [IMAGE] * 3}, "input.image_urls", "too_many_items"),
        (VEO, {"duration": 5}, "input.duration", "invalid_value"),
        (VEO, {"generation_type": "reference"}, "input.generation_type", "invalid_value"),
    ],
)  # fmt: skip
def test_a_single_fault_is_named_with_its_path(
    catalog: Catalog, slug: str, more: dict[str, Any], param: str, code: str
) -> None:
    assert faults(catalog, slug, more) == [(param, code)]


def test_a_frame_role_and_a_reference_audio_conflict_and_the_audio_lacks_its_reference(
    catalog: Catalog,
) -> None:
    assert faults(catalog, SEEDANCE, {"audio_urls": [AUDIO], **roles("first_frame", "last_frame")}) == [
        ("input.audio_urls", "missing_companion"),
        ("input.image_with_roles[0]", "conflicting_fields"),
        ("input.image_with_roles[1]", "conflicting_fields"),
    ]


def test_all_faults_come_at_once(catalog: Catalog) -> None:
    given = {
        "duration": 99,
        "resolution": "8k",
        "novel": 1,
        "prompt": "\x00",
        "image_urls": ["x"],
        "seed": 2**31,
    }
    found = {(each.param, each.code) for each in catalog.models[WAN].faults(given)}
    assert found == {
        ("input.duration", "out_of_range"),
        ("input.resolution", "invalid_value"),
        ("input.novel", "unknown_field"),
        ("input.prompt", "invalid_character"),
        ("input.image_urls[0]", "invalid_url"),
        ("input.seed", "out_of_range"),
    }


def test_messages_tell_what_would_be_right(catalog: Catalog) -> None:
    given = {"duration": 99, "resolution": "8k"}
    found = {each.param: each.message for each in catalog.models[WAN].faults(given)}
    assert found == {
        "input.image_urls": "is required",
        "input.duration": "must be at most 15",
        "input.resolution": "must be one of: 720p, 1080p",
    }


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "x", [], ["x"]])
def test_an_input_that_is_no_object_is_one_fault(catalog: Catalog, value: Any) -> None:
    assert catalog.models[VEO].faults(value) == [Fault("input", "invalid_type", "must be of type object")]


def test_endless_nesting_is_a_fault(catalog: Catalog) -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    assert faults(catalog, VEO, {"image_urls": deep}) == [("input", "too_deep")]


def test_defaults_and_normal_form_leave_the_given_input_alone(catalog: Catalog) -> None:
    given = {"prompt": "p", "duration": 5.0, "seed": 7.0, "tools": [{"type": "web_search"}]}
    before = deepcopy(given)
    complete = catalog.models[SEEDANCE].with_defaults(given)
    assert given == before
    assert complete == {
        "prompt": "p",
        "duration": 5,
        "seed": 7,
        "tools": [{"type": "web_search"}],
        "size": "16:9",
        "watermark": False,
        "resolution": "480p",
        "camera_fixed": False,
        "generate_audio": False,
        "return_last_frame": False,
    }
    assert type(complete["duration"]) is type(complete["seed"]) is int
    assert complete["tools"] is not given["tools"]


NAMES = st.sampled_from(
    [
        "prompt",
        "duration",
        "image_urls",
        "image_with_roles",
        "url",
        "role",
        "tools",
        "type",
        "seed",
        "audio_url",
        "video_urls",
        "resolution",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["multi", "first_frame", "last_frame", "https://[", "data:image/png;base64,A", "asset://x"]
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("slug", BASE)
@given(value=VALUES)
def test_no_value_raises_and_what_is_faultless_has_a_price_and_a_tier(
    catalog: Catalog, slug: str, value: Any
) -> None:
    model = catalog.models[slug]
    for each in (value, {**BASE[slug], **value} if isinstance(value, dict) else value):
        assert inline_bytes(each) >= 0
        if not model.faults(each):
            complete = model.with_defaults(each)
            assert model.faults(complete) == []
            assert model.quote(complete).micro > 0
            assert model.required_tier(complete) in catalog.tiers


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("https://example.com", 0),
        ("data:image/png;base64,", 0),
        ("data:image/png;base64,aGVsbG8=", 5),
        ("data:image/png;base64,aGVsbG8h", 6),
        ("DATA:image/png;BASE64,aGVsbG8h", 6),
        ("data:,a%20b", 3),
        ({"image_urls": ["data:;base64,aGk=", "x"], "image_with_roles": [{"url": "data:;base64,aGk="}]}, 4),
        (None, 0),
    ],
)
def test_inline_bytes_are_the_decoded_size_of_all_data_uris(value: Any, size: int) -> None:
    assert inline_bytes(value) == size


@given(st.binary(max_size=100))
def test_inline_bytes_agree_with_base64(content: bytes) -> None:
    from base64 import b64encode

    assert inline_bytes([f"data:image/png;base64,{b64encode(content).decode()}"]) == len(content)


@given(data=st.data())
def test_rules_that_are_not_asked_would_have_found_nothing(catalog: Catalog, data) -> None:
    model = catalog.models[data.draw(st.sampled_from([WAN, SEEDANCE, VEO]))]
    odd = st.one_of(st.none(), st.booleans(), st.just(""), st.just([]), st.integers(-1, 99), st.just(IMAGE))
    listed = st.lists(st.sampled_from([IMAGE, PNG, 7, BAD_ROLED]), max_size=3)
    value = data.draw(st.dictionaries(st.sampled_from(sorted(model.schema["properties"])), odd | listed))
    assert model.rules.faults(value) == [fault for rule in model.rules for fault in rule.faults(value)]
