"""Settings as they come from the environment."""

import pytest
from callbacks.settings import Settings
from pydantic import ValidationError


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBACKS_DATABASE_DSN", "postgresql://u:p@h/d")
    monkeypatch.setenv("CALLBACKS_KAFKA_BOOTSTRAP", "h:9")
    monkeypatch.setenv("CALLBACKS_SERVICE_TOKEN", "a-real-one")
    monkeypatch.setenv("CALLBACKS_CALLBACK_SECRETS", "first, second")
    monkeypatch.setenv("CALLBACKS_SIGNING_KEY", "another")


def test_secrets_are_comma_separated_and_hidden() -> None:
    settings = Settings()
    assert [secret.get_secret_value() for secret in settings.callback_secrets] == ["first", "second"]
    assert "first" not in repr(settings)


def test_each_provider_speaks_the_protocol_of_its_name_unless_told() -> None:
    assert Settings().providers["ark"] == "ark"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLBACK_SECRETS", ""),
        ("CALLBACK_SECRETS", "a,b,c"),
        ("CALLBACK_SECRETS", "real,changeme"),
        ("PROVIDERS", '{"ark": "morse"}'),
        ("WEBHOOK_RETENTION_DAYS", "0"),
    ],
)
def test_what_cannot_work_is_refused_at_start(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CALLBACKS_{name}", value)
    with pytest.raises(ValidationError):
        Settings()
