"""Inputs that came inside the request go where fetched ones go."""

import base64
import io

import pytest
from dispatcher.outbound.inputs import InputError, InputFetcher
from PIL import Image


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(out, "PNG")
    return out.getvalue()


async def test_a_data_uri_is_read_without_a_connection() -> None:
    uri = "DATA:image/jpeg;base64," + base64.b64encode(picture()).decode()
    found = await InputFetcher([], 1.0).fetch((uri,))
    assert found == {uri: ("image/png", picture())}, "the type is told by the bytes"


@pytest.mark.parametrize("uri", ["data:image/png;base64,@@@", "data:image/png;base64,aGVsbG8=", "data:,"])
async def test_a_data_uri_that_holds_no_medium_is_refused_for_good(uri: str) -> None:
    with pytest.raises(InputError) as caught:
        await InputFetcher([], 1.0).fetch((uri,))
    assert caught.value.permanent
