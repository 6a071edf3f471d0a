"""How each process of the stack is run, from what the state folder remembers."""

import sys
from collections.abc import Mapping

from stack import databases
from stack.environment import SERVICES, Deployment, service_environment, simulator_environment
from stack.paths import Home
from stack.ports import assign
from stack.processes import Spec, records
from stack.secrets_file import secret
from stack.servers import Servers

SIMULATOR = "simulator"
STOPPING_ORDER = (
    "gateway",
    "callbacks",
    "dispatcher",
    "storage",
    "ledger",
    SIMULATOR,
    "s3",
    "kafka",
    "postgres",
)


def describe(home: Home, servers: Servers) -> Deployment:
    """Return the deployment of this home, choosing ports and secrets at the first call."""
    running = [name for name, record in records(home).items() if record.alive]
    passwords = databases.passwords(home, SERVICES)
    return Deployment(
        servers=servers,
        dsns={name: databases.dsn(servers.postgres_admin_dsn, name, passwords[name]) for name in SERVICES},
        ports=assign(home, [*SERVICES, SIMULATOR], running=running),
        service_token=secret(home, "service_token"),
        key_pepper=secret(home, "key_pepper"),
        callback_secret=secret(home, "callback_secret"),
        signing_key=secret(home, "signing_key"),
    )


def service_spec(name: str, deployment: Deployment, given: Mapping[str, str]) -> Spec:
    """Return how to run a service, all its roles in one process."""
    return Spec(
        name=name,
        argv=(sys.executable, "-m", name, "all"),
        port=deployment.ports[name],
        ready=f"{deployment.url(name)}/readyz",
        environment=service_environment(name, deployment, given),
        stop_seconds=60.0,
    )


def simulator_spec(home: Home, deployment: Deployment, given: Mapping[str, str]) -> Spec:
    """Return how to run the provider simulator; its jobs and files survive a restart."""
    port = deployment.ports[SIMULATOR]
    data = home.data / SIMULATOR
    return Spec(
        name=SIMULATOR,
        argv=(sys.executable, "-m", SIMULATOR, "--port", str(port), "--data", str(data)),
        port=port,
        ready=f"{deployment.url(SIMULATOR)}/readyz",
        environment=simulator_environment(given),
    )
