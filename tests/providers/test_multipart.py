import email.parser
import email.policy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from providers.multipart import Part, encode, field

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)


def read(content_type: str, body: bytes) -> list[Any]:
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return list(message.iter_parts())


@given(parts=st.lists(st.tuples(NAMES, st.binary(max_size=60)), min_size=1, max_size=4))
def test_what_is_written_is_read_back(parts: list[tuple[str, bytes]]) -> None:
    written = [Part(name, data, f"{name}.bin", "application/octet-stream") for name, data in parts]
    content_type, body = encode(written)
    boundary = content_type.partition("boundary=")[2].encode()
    heads = body.split(b"--" + boundary)
    assert len(heads) == len(parts) + 2
    for (name, data), found in zip(parts, heads[1:-1], strict=True):
        assert f'name="{name}"; filename="{name}.bin"'.encode() in found
        assert found.endswith(b"\r\n\r\n" + data + b"\r\n")


def test_names_cannot_break_out_of_their_header() -> None:
    content_type, body = encode([Part('a"\r\nX: y', b"1", 'f".png')])
    assert b'name="a%22%0D%0AX: y"; filename="f%22.png"\r\n' in body
    (part,) = read(content_type, body)
    assert part.get_payload(decode=True) == b"1"


def test_the_same_parts_give_the_same_body_and_others_another() -> None:
    assert encode([field("a", "1")]) == encode([field("a", "1")])
    assert encode([field("a", "1")])[0] != encode([field("a", "2")])[0]
