"""The inputs of `make demo MODELS=all`: faultless and small, for every model there is."""

import pytest
from catalog.catalog import Catalog
from stack.samples import smallest_input

CATALOG = Catalog.load()
INLINE_BYTES = 256 * 1024


@pytest.mark.parametrize("slug", CATALOG.models)
def test_a_sample_is_an_input_that_its_model_takes(slug: str) -> None:
    from catalog.media import inline_bytes

    model = CATALOG.models[slug]
    given = smallest_input(model.schema)
    assert model.faults(given) == []
    assert inline_bytes(given) <= INLINE_BYTES
