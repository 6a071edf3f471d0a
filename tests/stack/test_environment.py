import json

from stack.environment import SERVICES, Deployment, providers, service_environment, simulator_environment
from stack.servers import Servers

PORTS = {"gateway": 1, "ledger": 2, "dispatcher": 3, "callbacks": 4, "storage": 5, "simulator": 6}
DEPLOYMENT = Deployment(
    servers=Servers(
        "127.0.0.1:9", "http://127.0.0.1:8", "access", "secret", "framebus", "postgresql://admin"
    ),
    dsns={name: f"postgresql://{name}" for name in SERVICES},
    ports=PORTS,
    service_token="token",
    key_pepper="pepper",
    callback_secret="callback",
    signing_key="signing",
)


def test_every_service_is_told_its_own_database_and_port() -> None:
    for name in SERVICES:
        told = service_environment(name, DEPLOYMENT, {})
        prefix = name.upper()
        assert told[f"{prefix}_DATABASE_DSN"] == f"postgresql://{name}"
        assert told[f"{prefix}_HTTP_PORT"] == str(PORTS[name])
        assert told[f"{prefix}_KAFKA_BOOTSTRAP"] == "127.0.0.1:9"
        assert all(key.startswith(f"{prefix}_") for key in told)


def test_dispatcher_and_callbacks_share_the_secret_that_signs_callback_addresses() -> None:
    dispatcher = service_environment("dispatcher", DEPLOYMENT, {})
    callbacks = service_environment("callbacks", DEPLOYMENT, {})
    assert dispatcher["DISPATCHER_CALLBACK_SECRETS"] == callbacks["CALLBACKS_CALLBACK_SECRETS"] == "callback"
    assert dispatcher["DISPATCHER_CALLBACKS_URL"] == "http://127.0.0.1:4"


def test_only_who_reads_or_writes_objects_gets_the_object_stores_secret() -> None:
    holders = [name for name in SERVICES if "secret" in service_environment(name, DEPLOYMENT, {}).values()]
    assert set(holders) == {"gateway", "dispatcher", "storage"}


def test_a_given_setting_reaches_its_service_and_no_other() -> None:
    given = {"DISPATCHER_UNCERTAIN_AFTER_SECONDS": "5", "SIM_RENDER": "cached", "FRAMEBUS_X": "1"}
    told = service_environment("dispatcher", DEPLOYMENT, given)
    assert (told["DISPATCHER_UNCERTAIN_AFTER_SECONDS"], told["FRAMEBUS_X"]) == ("5", "1")
    assert "DISPATCHER_UNCERTAIN_AFTER_SECONDS" not in service_environment("ledger", DEPLOYMENT, given)
    assert simulator_environment(given) == {"SIM_RENDER": "cached", "FRAMEBUS_X": "1"}


def test_a_given_setting_cannot_cut_the_wiring() -> None:
    given = {"LEDGER_DATABASE_DSN": "postgresql://elsewhere", "LEDGER_HTTP_PORT": "80"}
    told = service_environment("ledger", DEPLOYMENT, given)
    assert told["LEDGER_DATABASE_DSN"] == "postgresql://ledger"
    assert told["LEDGER_HTTP_PORT"] == "2"


def test_without_keys_every_provider_is_the_simulator() -> None:
    found = providers(DEPLOYMENT, {})
    assert found["ark"]["base_url"] == "http://127.0.0.1:6/ark/api/v3"
    for name, entry in found.items():
        assert str(entry["base_url"]).startswith(f"http://127.0.0.1:6/{name.partition('_')[0]}")
        assert entry["simulated"]


def test_a_real_key_sends_that_provider_alone_to_the_real_address() -> None:
    found = providers(DEPLOYMENT, {"ARK_API_KEY": "real"})
    assert found["ark"]["simulated"] is False
    assert found["ark"]["credentials"] == [{"id": "default", "secret": "real"}]
    assert str(found["ark"]["base_url"]).startswith("https://")
    assert found["dashscope"]["simulated"] is True
    assert found["gemini"]["simulated"] is True


def test_dispatcher_and_storage_know_the_same_providers() -> None:
    dispatcher = service_environment("dispatcher", DEPLOYMENT, {})["DISPATCHER_PROVIDERS"]
    storage = service_environment("storage", DEPLOYMENT, {})
    assert storage["STORAGE_PROVIDERS"] == dispatcher
    assert json.loads(dispatcher) == providers(DEPLOYMENT, {})
    assert storage["STORAGE_ALLOWED_HOSTS"] == "127.0.0.1:6"


def test_the_gateway_learns_which_providers_there_are_and_none_of_their_credentials() -> None:
    told = service_environment("gateway", DEPLOYMENT, {"ARK_API_KEY": "real-secret"})
    modes = json.loads(told["GATEWAY_PROVIDERS"])
    assert modes == {name: "real" if name == "ark" else "simulated" for name in providers(DEPLOYMENT, {})}
    assert not any("real-secret" in value for value in told.values())


def test_short_patience_is_for_the_simulator_only() -> None:
    assert service_environment("dispatcher", DEPLOYMENT, {})["DISPATCHER_ABSENT_AFTER_SECONDS"] == "8"
    real = service_environment("dispatcher", DEPLOYMENT, {"DASHSCOPE_API_KEY": "real"})
    assert "DISPATCHER_ABSENT_AFTER_SECONDS" not in real


def test_a_simulated_call_ends_before_its_absence_may_be_concluded() -> None:
    told = service_environment("dispatcher", DEPLOYMENT, {})
    given = json.loads(told["DISPATCHER_PROVIDERS"])
    timeouts = {name: entry["timeout_seconds"] for name, entry in given.items() if "timeout_seconds" in entry}
    assert max(timeouts.values()) < float(told["DISPATCHER_ABSENT_AFTER_SECONDS"])
    assert given.keys() - timeouts.keys() == {"openai"}, (
        "its answers come when the work is done; nothing to look up"
    )
