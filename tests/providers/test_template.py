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
