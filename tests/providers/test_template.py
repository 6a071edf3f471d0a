import pytest
from providers.template import faults, fill, names

GIVEN = {"prompt": "a cat", "width": 640, "height": 480, "images": ["a", "b"], "seed": None}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ({"w": "{width}"}, {"w": 640}),
        ({"size": "{width}x{height}"}, {"size": "640x480"}),
        ({"w": "{width|text}", "first": "{images|first}"}, {"w": "640", "first": "a"}),
        ({"seed": "{seed}", "gone": "{steps}", "keep": 1}, {"keep": 1}),
        ({"image": {"url": "{end_image}"}, "list": ["{steps}", "{width}"]}, {"list": [640]}),
        ({"text": "{{{prompt}}} {{x}}", "empty": {}}, {"text": "{a cat} {x}", "empty": {}}),
        ({"only": "{steps}"}, {}),
    ],
)
def test_a_template_is_filled_from_the_input_and_leaves_out_what_is_absent(template, filled):
    assert fill(template, GIVEN) == filled


def test_what_a_value_says_is_never_read_as_a_template():
    assert fill({"p": "{prompt}", "q": "say {prompt}"}, {"prompt": "{width} {{"}) == {
        "p": "{width} {{",
        "q": "say {width} {{",
    }


def test_a_template_names_its_fields_and_its_unknown_filters():
    template = {"a": "{width}", "b": ["{prompt|upper}", {"c": "{x|nonsense} {{y}}"}]}
    assert names(template) == {"width", "prompt", "x"}
    assert faults(template) == ["there is no filter 'nonsense'"]


def test_a_seed_is_drawn_where_minus_one_asks_for_it():
    drawn = {fill({"seed": "{seed|seed}"}, {"seed": -1})["seed"] for _ in range(20)}
    assert len(drawn) > 1
    assert all(0 <= each < 2**31 for each in drawn)
    assert fill({"seed": "{seed|seed}"}, {"seed": 7}) == {"seed": 7}


def test_a_seed_may_be_left_to_the_provider():
    assert fill({"seed": "{seed|seed_or_none}"}, {"seed": -1}) == {}
    assert fill({"seed": "{seed|seed_or_none}"}, {"seed": 0}) == {"seed": 0}


@pytest.mark.parametrize(("value", "half"), [(8, 4), (5, 2), (1, 1)])
def test_half_of_a_number_is_at_least_one(value, half):
    assert fill({"at": "{steps|half}"}, {"steps": value}) == {"at": half}
