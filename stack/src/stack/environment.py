"""What each service is told through its environment: pure functions of a deployment and of what was given."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from stack.servers import Servers

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")
_SIMULATED = {"ark": "/ark/api/v3", "dashscope": "/dashscope/api/v1", "gemini": "/gemini/v1beta"}
# The bases that the providers' own SDKs use, and the variables that move them; Veo's Gemini previews are shut
# down upstream, so gemini has no entry.
_REAL = {
    "ark": ("ARK_API_KEY", "ARK_BASE_URL", "https://ark.cn-beijing.volces.com/api/v3"),
    "dashscope": ("DASHSCOPE_API_KEY", "DASHSCOPE_HTTP_BASE_URL", "https://dashscope.aliyuncs.com/api/v1"),
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that the processes of one stack must know of each other."""

    servers: Servers
    dsns: Mapping[str, str]
    ports: Mapping[str, int]
    service_token: str
    key_pepper: str
    callback_secret: str

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
    base = deployment.url("simulator")
    found: dict[str, dict[str, object]] = {
        name: {"base_url": base + path, "credentials": [_credential("sim", "sim-key")], "simulated": True}
        for name, path in _SIMULATED.items()
    }
    for name, (key, url, default) in _REAL.items():
        if given.get(key):
            credential = _credential("default", given[key])
            found[name] = {
                "base_url": given.get(url) or default,
                "credentials": [credential],
                "simulated": False,
            }
    return found


def _credential(name: str, secret: str) -> dict[str, str]:
    return {"id": name, "secret": secret}


def _reaches(service: str, key: str) -> bool:
    return key.startswith((f"{service.upper()}_", "FRAMEBUS_"))


def _prefixed(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    return {prefix + key: value for key, value in values.items()}


def _defaults(name: str, deployment: Deployment, given: Mapping[str, str]) -> dict[str, str]:
    common = {"ENVIRONMENT": "dev", "LOG_FORMAT": "json"}
    simulator = f"127.0.0.1:{deployment.ports['simulator']}"
    routes = json.dumps(providers(deployment, given))
    own: dict[str, dict[str, str]] = {
        "dispatcher": {
            "UNCERTAIN_AFTER_SECONDS": "20",
            "ABSENT_AFTER_SECONDS": "8",
            "PROVIDERS": routes,
        },
        "storage": {"ALLOWED_HOSTS": simulator, "PROVIDERS": routes},
    }
    return {**common, **own.get(name, {})}


def _wiring(name: str, deployment: Deployment) -> dict[str, str]:
    return {
        "DATABASE_DSN": deployment.dsns[name],
        "KAFKA_BOOTSTRAP": deployment.servers.kafka_bootstrap,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(deployment.ports[name]),
        "SERVICE_TOKEN": deployment.service_token,
        **_own_wiring(name, deployment),
    }


def _own_wiring(name: str, deployment: Deployment) -> dict[str, str]:
    public = {"PUBLIC_URL": deployment.url("gateway")}
    secrets = {"CALLBACK_SECRETS": deployment.callback_secret}
    own: dict[str, dict[str, str]] = {
        "gateway": {**_object_store(deployment.servers), **public, "KEY_PEPPER": deployment.key_pepper},
        "storage": {**_object_store(deployment.servers), **public},
        "dispatcher": {**secrets, "CALLBACKS_URL": deployment.url("callbacks")},
        "callbacks": secrets,
    }
    return own.get(name, {})


def _object_store(servers: Servers) -> dict[str, str]:
    return {
        "S3_ENDPOINT": servers.s3_endpoint,
        "S3_BUCKET": servers.s3_bucket,
        "S3_ACCESS_KEY": servers.s3_access_key,
        "S3_SECRET_KEY": servers.s3_secret_key,
    }
