import pytest
from hypothesis import given
from hypothesis import strategies as st
from providers.standard_webhooks import prove

SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
BODY = (
    b'{"id":"evt_1","object":"event","created_at":1750000000,"type":"video.completed",'
    b'"data":{"id":"video_1"}}'
)
NOW = 1_750_000_000
HEADERS = {
    "webhook-id": "wh_1",
    "webhook-timestamp": str(NOW),
    "webhook-signature": "v1,eCfJuiN3wDFiRlhN09xkp5vjlgFzUBADkVCyUcxgC+M=",
}
"""The vector that openai and replicate accept (providers.md, section 10)."""


def test_the_vector_that_the_sdks_accept_is_signed() -> None:
    assert prove(HEADERS, BODY, [SECRET], NOW) == "signed"


def test_any_of_our_keys_and_any_of_its_signatures_will_do() -> None:
    both = {**HEADERS, "webhook-signature": f"v1a,x v1,AAAA {HEADERS['webhook-signature']}"}
    assert prove(both, BODY, ["whsec_b3RoZXI=", SECRET], NOW) == "signed"


@pytest.mark.parametrize("now", [NOW - 301, NOW + 301])
def test_an_old_or_early_webhook_is_forged(now: int) -> None:
    assert prove(HEADERS, BODY, [SECRET], now) == "forged"
    assert prove(HEADERS, BODY, [SECRET], NOW + (300 if now > NOW else -300)) == "signed"


@pytest.mark.parametrize("name", list(HEADERS))
@pytest.mark.parametrize("value", [None, "", "x", "-1", "1" * 400, "é"])
def test_a_header_that_is_missing_or_odd_is_forged(name: str, value: str | None) -> None:
    headers = {key: each for key, each in HEADERS.items() if key != name}
    assert prove(headers if value is None else {**headers, name: value}, BODY, [SECRET], NOW) == "forged"


def test_another_body_or_another_key_is_forged() -> None:
    assert prove(HEADERS, BODY + b" ", [SECRET], NOW) == "forged"
    assert prove(HEADERS, BODY, ["whsec_b3RoZXI="], NOW) == "forged"


@pytest.mark.parametrize("keys", [[], [""], ["whsec_"], ["whsec_%%%"]])
def test_without_a_usable_key_nothing_is_proven(keys: list[str]) -> None:
    assert prove(HEADERS, BODY, keys, NOW) == "unsigned"


@given(signature=st.text(), webhook_id=st.text(), timestamp=st.text(), body=st.binary())
def test_no_text_at_all_passes_for_a_signature(
    signature: str, webhook_id: str, timestamp: str, body: bytes
) -> None:
    headers = {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    assert prove(headers, body, [SECRET], NOW) == "forged"
