"""Bodies made to cost much or to break a parser, at every operation that takes one."""

from typing import Any

import pytest
from api_document import operations
from api_samples import BODIES, address, body_of
from gateway.domain.problem import Problem
from gateway.inbound.http import body as bodies
from gateway.inbound.http.v1 import usage
from gateway_tools import World

HOSTILE = {
    "objects in objects": b'{"a":' * 500 + b"1" + b"}" * 500,
    "lists in lists": b'{"input":' + b"[" * 900 + b"]" * 900 + b"}",
    "deeper than any reader goes": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number of 5000 digits": b'{"n":' + b"9" * 5000 + b"}",
    "a fraction of 100 000 digits": b'{"prompt":1.' + b"1" * 100_000 + b"}",
    "a name twice, at the end of many": b"{%s}" % b",".join(b'"a%d":1' % (n % 999) for n in range(1000)),
    "more than a megabyte": b'{"prompt":"' + b"x" * 12_000_000 + b'"}',
    "no text": b"\xff\xfe\x00",
    "a form that never ends": b"--x\r\nContent-Disposition: form-data; name=",
}


OURS = (503, 504)
"""A service beside the gateway isn't there, or a synchronous answer isn't there in time."""


class Name(str):
    """A name that counts how often it is compared."""

    compared = 0
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_name_that_appears_twice_is_found_without_comparing_all_with_all() -> None:
    """As it was once, 60 000 names in 700 KB held the gateway's event loop for minutes."""
    pairs: list[tuple[str, Any]] = [(Name(f"a{number}"), 1) for number in range(2000)]
    with pytest.raises(Problem) as caught:
        bodies._unique([*pairs, (Name("z"), 1), (Name("z"), 2)])
    assert caught.value.code == "duplicate_name"
    assert Name.compared < 4000


def test_names_that_appear_once_are_taken() -> None:
    assert bodies.parse_object(b'{"a": {"b": 1}, "b": [{"a": 1}, {"a": 2}]}')["b"] == [{"a": 1}, {"a": 2}]


async def test_no_operation_breaks_on_a_hostile_body(world: World) -> None:
    customer = await world.customer("100000", tier="enterprise")
    taken = [(key, each) for key, each in operations().items() if "requestBody" in each]
    assert len(taken) >= 25
    for (method, path), _ in taken:
        for what, content in HOSTILE.items():
            kind = "multipart/form-data; boundary=x" if "form" in what else "application/json"
            answer = await customer.api.request(
                method, address(path), content=content, headers={"Content-Type": kind}
            )
            assert answer.status_code in OURS or 400 <= answer.status_code < 500, (
                method,
                path,
                what,
                answer.text,
            )
            assert len(answer.content) < 20_000, (method, path, what)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(text: str) -> None:
    assert (usage._cell(text), usage._cell("veo"), usage._cell(-5)) == (f"'{text}", "veo", -5)


def leaves(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the strings of a document are."""
    if isinstance(value, str):
        return [where]
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [leaf for name, member in members for leaf in leaves(member, (*where, name))]


def put(value: Any, where: tuple[Any, ...], text: str) -> Any:
    """A copy of a document with a string replaced."""
    if not where:
        return text
    copied = value.copy()
    copied[where[0]] = put(value[where[0]], where[1:], text)
    return copied


STRINGS = (
    "'; DROP TABLE tasks; --",
    "\" OR ''='",
    "$1 %s {0} \\",
    "a\r\nX-Injected: yes\r\n\r\n<script>",
    "\u2028\x1b[31m\x07",
    "../../../etc/passwd",
    '=HYPERLINK("http://a.test")',
)
MORE = {
    ("POST", "/api/v1/tasks"): {"metadata": {"note": "x"}, "webhook_url": "https://a.test/"},
    ("POST", "/api/v1/keys"): {"name": "x"},
    ("POST", "/api/v1/webhooks"): {"url": "https://a.test/", "description": "x"},
    ("POST", "/api/v1/uploads/direct"): {"file_name": "x", "content_type": "image/png", "size_bytes": 5},
}
HEADERS = ("User-Agent", "X-Request-Id", "Idempotency-Key", "traceparent", "Last-Event-ID", "Range", "Accept")


def injected(answer: Any) -> bool:
    return any(
        "\n" in value or "\r" in value or name == "x-injected" for name, value in answer.headers.items()
    )


async def test_no_string_of_a_body_is_read_as_sql_or_gets_into_a_header(world: World) -> None:
    customer = await world.customer("100000", tier="enterprise")
    sent = 0
    for method, path in operations():
        body = BODIES.get((method, path), {}) | MORE.get((method, path), {})
        for where in leaves(body):
            for text in STRINGS:
                answer = await customer.api.request(method, address(path), json=put(body, where, text))
                assert answer.status_code in OURS or answer.status_code < 500, (
                    path,
                    where,
                    text,
                    answer.text,
                )
                assert not injected(answer), (path, where, text)
                sent += 1
    assert sent > 100
    assert await world.db.pool.fetchval("SELECT count(*) FROM tasks") > 0


async def test_no_parameter_is_read_as_sql_or_gets_into_a_header(world: World) -> None:
    customer = await world.customer("1")
    for (method, path), described in operations().items():
        named = [each["name"] for each in described.get("parameters", ()) if each["in"] == "query"]
        for text in STRINGS:
            params = dict.fromkeys(named, text)
            content = body_of(method, path, described)
            answer = await customer.api.request(method, address(path), params=params, content=content)
            assert answer.status_code in OURS or answer.status_code < 500, (path, text, answer.text)
            assert not injected(answer), (path, text)
    assert await world.db.pool.fetchval("SELECT count(*) FROM accounts") == 1


async def test_no_header_of_a_request_is_believed_or_repeated(world: World) -> None:
    customer = await world.customer("1")
    for name in HEADERS:
        for text in ("' OR 1=1 --", "a\x1b[31m", "é\xff", "x" * 8000, "req_evil"):
            for path in ("/api/v1/credits", "/api/v1/tasks", "/files/a/b", "/v1/models"):
                answer = await customer.api.get(path, headers=[(name.encode(), text.encode("latin-1"))])
                assert answer.status_code < 500, (name, text, path, answer.text)
                assert answer.headers["x-request-id"] != text
                assert text not in answer.headers["traceparent"]
