import pytest
from runtime.egress.errors import EgressRefusedError
from runtime.egress.policy import EgressPolicy
from storage.outbound.clients import open_clients


async def test_a_client_is_ones_own_until_it_is_given_back() -> None:
    async with open_clients(EgressPolicy()) as clients:
        with clients.lend() as first, clients.lend() as second:
            assert first is not second
        with clients.lend() as again:
            assert again in {first, second}
    assert first.is_closed
    assert second.is_closed


async def test_every_client_goes_through_the_gate() -> None:
    async with open_clients(EgressPolicy()) as clients:
        with clients.lend() as client, pytest.raises(EgressRefusedError):
            await client.get("http://127.0.0.1/")
