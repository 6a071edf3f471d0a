import httpx
import pytest
from runtime.egress.errors import EgressRefusedError
from runtime.egress.policy import EgressPolicy, parse_host_port


def refused(policy: EgressPolicy, url: str) -> bool:
    try:
        policy.check_url(httpx.URL(url))
    except EgressRefusedError as error:
        return (error.code, error.permanent) == ("url_refused", True)
    return False


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a",
        "file:///etc/passwd",
        "gopher://example.com",
        "/relative",
        "https:///no-host",
        "http://example.com:22/",
        "https://example.com:8443/",
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "http://127.0.0.1:9001/",
    ],
)
def test_an_odd_address_is_refused_by_its_looks(url: str) -> None:
    assert refused(EgressPolicy.allowing(["127.0.0.1:9000"]), url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.mp4",
        "https://example.com/a.mp4?x=1",
        "https://example.com:443/",
        "http://127.0.0.1:9000/files/1",
        "http://LOCALHOST.:9000/x",
        "http://[::1]:9000/x",
    ],
)
def test_web_addresses_and_named_hosts_pass(url: str) -> None:
    assert not refused(EgressPolicy.allowing(["127.0.0.1:9000", "localhost:9000", "[::1]:9000"]), url)


def test_webhooks_go_to_https_only_but_for_named_hosts() -> None:
    policy = EgressPolicy.allowing(["127.0.0.1:9000"], https_only=True)
    assert refused(policy, "http://example.com/")
    assert refused(policy, "http://example.com:443/")
    assert not refused(policy, "https://example.com/")
    assert not refused(policy, "http://127.0.0.1:9000/")


@pytest.mark.parametrize(
    "text", ["", "host", "host:", "host:x", "host:70000", "host:80/path", "u@h:80", ":80"]
)
def test_what_is_no_host_and_port_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not host:port"):
        parse_host_port(text)
