"""Settings: outside dev a secret that everybody knows is refused."""

import pytest
from pydantic import SecretStr, ValidationError
from runtime.settings import ServiceSettings

GOOD = {"database_dsn": "postgresql://ledger:x9K2@db/ledger", "service_token": "t0ps3cr3t"}


class Settings(ServiceSettings):
    """With a list of secrets, as for two that are valid at a time."""

    webhook_secrets: tuple[SecretStr, ...] = ()


def test_real_secrets_are_taken() -> None:
    assert Settings(**GOOD).environment == "production"


@pytest.mark.parametrize(
    "bad",
    [
        {"service_token": ""},
        {"service_token": " ChangeMe "},
        {"webhook_secrets": ["r3al", "secret"]},
        {"database_dsn": "postgresql://ledger:changeme@db/ledger"},
    ],
    ids=str,
)
def test_placeholders_are_refused_outside_dev(bad) -> None:
    with pytest.raises(ValidationError, match=f"{next(iter(bad))} is a placeholder"):
        Settings(**GOOD | bad)
    Settings(**GOOD | bad, environment="dev")


def test_a_refusal_does_not_show_the_other_secrets() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(**GOOD | {"service_token": "changeme"})
    assert "x9K2" not in str(refusal.value)
