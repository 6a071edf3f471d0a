"""Every service as `app.build` joins it, from the environment that the one-machine stack gives it.

Nothing is started, so no server is needed.
"""

from importlib import import_module
from pathlib import Path

import pytest
from contracts.topics import SERVICES
from runtime.cli import Built
from stack.environment import Deployment, service_environment
from stack.servers import Servers

ROOT = Path(__file__).parents[2]
ROLES = frozenset({"api", "consumer", "worker"})
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)

_SERVERS = Servers(
    kafka_bootstrap="127.0.0.1:1",
    s3_endpoint="http://127.0.0.1:2",
    s3_access_key="access",
    s3_secret_key="secret",
    s3_bucket="bucket",
    postgres_admin_dsn="postgresql://admin:pw@127.0.0.1:3/postgres",
)


def package(service: str) -> Path:
    return ROOT / "services" / service / "src" / service


def built(service: str, monkeypatch: pytest.MonkeyPatch) -> Built:
    """All roles of a service in one process."""
    deployment = Deployment(
        servers=_SERVERS,
        dsns={name: f"postgresql://{name}:pw@127.0.0.1:3/{name}" for name in SERVICES},
        ports={name: 4000 + number for number, name in enumerate((*SERVICES, "simulator"))},
        service_token="token",
        key_pepper="pepper",
        callback_secret="callback-secret",
        signing_key="signing-key",
    )
    for name, value in service_environment(service, deployment, {}).items():
        monkeypatch.setenv(name, value)
    settings = import_module(f"{service}.settings").Settings()
    result: Built = import_module(f"{service}.app").build(settings, ROLES)
    return result
