"""What each service is told through its environment: pure functions of a deployment and of what was given."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from stack.servers import Servers

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")
_SIMULATED = {
    "ark": "/ark/api/v3",
    "comfyui": "/comfyui",
    "dashscope": "/dashscope/api/v1",
    "fal": "/fal",
    "gemini": "/gemini/v1beta",
    "luma": "/luma/dream-machine/v1",
    "replicate": "/replicate/v1",
    "runway": "/runway/v1",
    "openai": "/openai/v1",
    "openai_compatible": "/openai/v1",
    "vertex": "/vertex/v1",
}
# The bases that the providers' own SDKs use, and the variables that move them.
_REAL = {
    "ark": ("ARK_API_KEY", "ARK_BASE_URL", "https://ark.cn-beijing.volces.com/api/v3"),
    "dashscope": ("DASHSCOPE_API_KEY", "DASHSCOPE_HTTP_BASE_URL", "https://dashscope.aliyuncs.com/api/v1"),
    "gemini": ("GEMINI_API_KEY", "GEMINI_BASE_URL", "https://generativelanguage.googleapis.com/v1beta"),
    # an API key; or a service account's key file, with a base that ends in /projects/P/locations/L
    "vertex": ("VERTEX_CREDENTIALS", "VERTEX_BASE_URL", "https://aiplatform.googleapis.com/v1"),
    "luma": ("LUMAAI_API_KEY", "LUMAAI_BASE_URL", "https://api.lumalabs.ai/dream-machine/v1"),
}
# A real provider deserves the services' own, longer patience: an answer that is late there may still come.
_IMPATIENT = {"UNCERTAIN_AFTER_SECONDS": "20", "ABSENT_AFTER_SECONDS": "8"}
_SIMULATED_TIMEOUT_SECONDS = 6  # below ABSENT_AFTER_SECONDS
_ANSWERS_WHEN_DONE = {
    "openai"
}  # images, speech and subtitles come in the answer to the submit: the routes' time


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
    base = deployment.url("simulator")
    found = {name: _simulated(name, base + path) for name, path in _SIMULATED.items()}
    for name, (key, url, default) in _REAL.items():
        if given.get(key):
            credential = _credential("default", given[key])
            found[name] = {
                "base_url": given.get(url) or default,
                "credentials": [credential],
                "simulated": False,
            }
    return found


def _simulated(name: str, base_url: str) -> dict[str, object]:
    patience = {} if name in _ANSWERS_WHEN_DONE else {"timeout_seconds": _SIMULATED_TIMEOUT_SECONDS}
    return {
        "base_url": base_url,
        "credentials": [_credential("sim", "sim-key")],
        "simulated": True,
        "poll_seconds": 1.0,  # the routes' schedules are for the real ones, which take minutes
        **patience,
    }


def _credential(name: str, secret: str) -> dict[str, str]:
    return {"id": name, "secret": secret}


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
        told |= _IMPATIENT
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
