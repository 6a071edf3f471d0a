import pytest
from providers.job import Credential


@pytest.fixture
def credential() -> Credential:
    return Credential("cred-1", "secret-key")
