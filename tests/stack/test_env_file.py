import json
import re
from pathlib import Path

from gateway.domain.keys import asset_of
from runtime.settings import PLACEHOLDERS
from stack import env_file

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")


def test_the_file_has_every_variable_that_compose_insists_on(tmp_path: Path) -> None:
    env_file.write(tmp_path / ".env", {})
    required = set(re.findall(r"\$\{(\w+):\?", COMPOSE))
    told = env_file.read(tmp_path / ".env")
    assert required
    assert required <= told.keys()
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_what_is_in_the_file_stays_and_what_is_new_is_added(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ours\nKEY_PEPPER=kept\nOTHER=1")
    added = env_file.write(file, {})
    assert "KEY_PEPPER" not in added
    told = env_file.read(file)
    assert (told["KEY_PEPPER"], told["OTHER"]) == ("kept", "1")
    assert file.read_text().startswith("# ours\n")
    assert env_file.write(file, {}) == []


def test_secrets_are_fresh_and_none_is_a_placeholder() -> None:
    first, second = env_file.variables({}), env_file.variables({})
    same = {name for name in first if first[name] == second[name]}
    assert {"POSTGRES_PASSWORD", "SERVICE_TOKEN", "KEY_PEPPER", "SIGNING_KEY", "DEMO_API_KEY"} & same == set()
    assert PLACEHOLDERS.isdisjoint(first.values())


def test_the_demo_key_is_one_that_the_gateway_takes() -> None:
    assert asset_of(env_file.api_key()) == "credit"


def test_without_the_simulator_there_are_only_providers_with_keys() -> None:
    told = env_file.variables(
        {"SIMULATOR": "no", "ARK_API_KEY": "k", "PUBLIC_BASE_URL": "https://media.example"}
    )
    assert list(json.loads(told["PROVIDERS"])) == ["ark"]
    assert json.loads(told["GATEWAY_PROVIDERS"]) == {"ark": "real"}
    assert told["CALLBACKS_BASE_URL"] == told["PUBLIC_BASE_URL"] == "https://media.example"
    assert told.keys().isdisjoint({"COMPOSE_PROFILES", "DEMO_API_KEY", "ABSENT_AFTER_SECONDS"})
