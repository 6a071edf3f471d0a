"""What each service is told through its environment: pure functions of a deployment and of what was given."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from stack import provider_bases
from stack.servers import Servers

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that the processes of one stack must know of each other."""

    servers: Servers
    dsns: Mapping[str, str]
    ports: Mapping[str, int]
    service_token: str
    key_pepper: str
    callback_secret: str
    signing_key: str

    def url(self, name: str) -> str:
        """Return the base URL of a process of the stack."""
        return f"http://127.0.0.1:{self.ports[name]}"


def service_environment(name: str, deployment: Deployment, given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of one service: our defaults, `given` ones over them, the wiring over both."""
    prefix = f"{name.upper()}_"
    ours = _defaults(name, deployment, given)
    tuned = {key: value for key, value in given.items() if _reaches(name, key)}
    return {**_prefixed(prefix, ours), **tuned, **_prefixed(prefix, _wiring(name, deployment))}


def simulator_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the provider simulator."""
    return {key: value for key, value in given.items() if key.startswith(("SIM_", "FRAMEBUS_"))}


def providers(deployment: Deployment, given: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Return where each provider is: the simulator, or the real one if its key is given and it is live."""
    asked_every = json.loads(given.get("SIMULATED_POLL_SECONDS") or "{}")
    simulated = provider_bases.simulated(deployment.url("simulator"), asked_every)
    return {**simulated, **provider_bases.real(given)}


def _reaches(service: str, key: str) -> bool:
    return key.startswith((f"{service.upper()}_", "FRAMEBUS_"))


def _prefixed(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    return {prefix + key: value for key, value in values.items()}


def _defaults(name: str, deployment: Deployment, given: Mapping[str, str]) -> dict[str, str]:
    own = {
        "gateway": _gateway_defaults,
        "dispatcher": _dispatcher_defaults,
        "callbacks": _callbacks_defaults,
        "storage": _storage_defaults,
    }
    common = {"ENVIRONMENT": "dev", "LOG_FORMAT": "json"}
    return {**common, **own[name](deployment, given)} if name in own else common


def _gateway_defaults(deployment: Deployment, given: Mapping[str, str]) -> dict[str, str]:
    routes = providers(deployment, given).items()
    modes = {name: "simulated" if route["simulated"] else "real" for name, route in routes}
    return {"PROVIDERS": json.dumps(modes)}


def _dispatcher_defaults(deployment: Deployment, given: Mapping[str, str]) -> dict[str, str]:
    routes = providers(deployment, given)
    local = f"{_address(deployment, 'simulator')},{_address(deployment, 'gateway')}"
    told = {"PROVIDERS": json.dumps(routes), "ALLOWED_HOSTS": local}
    if all(route["simulated"] for route in routes.values()):
        told |= provider_bases.IMPATIENT
    return told


def _callbacks_defaults(deployment: Deployment, given: Mapping[str, str]) -> dict[str, str]:
    told = {"ALLOWED_HOSTS": _address(deployment, "simulator")}
    if providers(deployment, given)["fal"]["simulated"]:
        keys = {"fal": f"{deployment.url('simulator')}/fal/.well-known/jwks.json"}
        told["WEBHOOK_JWKS"] = json.dumps(keys)
    return told


def _storage_defaults(deployment: Deployment, given: Mapping[str, str]) -> dict[str, str]:
    routes = json.dumps(providers(deployment, given))
    return {"PROVIDERS": routes, "ALLOWED_HOSTS": _address(deployment, "simulator")}


def _address(deployment: Deployment, name: str) -> str:
    return deployment.url(name).removeprefix("http://")


def _wiring(name: str, deployment: Deployment) -> dict[str, str]:
    return {
        "DATABASE_DSN": deployment.dsns[name],
        "KAFKA_BOOTSTRAP": deployment.servers.kafka_bootstrap,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(deployment.ports[name]),
        "SERVICE_TOKEN": deployment.service_token,
        "INSTANCE_ID": name,
        **_own_wiring(name, deployment),
    }


def _own_wiring(name: str, deployment: Deployment) -> dict[str, str]:
    public = {"PUBLIC_URL": deployment.url("gateway")}
    asked = {"CALLBACKS_URL": deployment.url("callbacks")}
    secrets = {"CALLBACK_SECRETS": deployment.callback_secret}
    own: dict[str, dict[str, str]] = {
        "gateway": {
            **_object_store(deployment.servers),
            **public,
            **asked,
            "DISPATCHER_URL": deployment.url("dispatcher"),
            "LEDGER_URL": deployment.url("ledger"),
            "STORAGE_URL": deployment.url("storage"),
            "KEY_PEPPER": deployment.key_pepper,
        },
        "storage": {**_object_store(deployment.servers), **public},
        "dispatcher": {
            **_object_store(deployment.servers),
            **secrets,
            **asked,
        },
        "callbacks": {**secrets, "SIGNING_KEY": deployment.signing_key},
    }
    return own.get(name, {})


def _object_store(servers: Servers) -> dict[str, str]:
    return {
        "S3_ENDPOINT": servers.s3_endpoint,
        "S3_BUCKET": servers.s3_bucket,
        "S3_ACCESS_KEY": servers.s3_access_key,
        "S3_SECRET_KEY": servers.s3_secret_key,
    }
