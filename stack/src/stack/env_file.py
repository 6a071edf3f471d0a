"""`make env`: write `.env` for docker compose, with fresh random secrets. Standard library only.

What is in the file already stays: run again after an upgrade, it adds the variables that are new. Providers
whose keys are in the environment are the real ones; the others are the simulator unless SIMULATOR=no.
"""

import json
import os
import re
import secrets
import string
import sys
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path

from stack import provider_bases

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LINE = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$")
_SECRETS = (
    "POSTGRES_PASSWORD",
    "GATEWAY_DB_PASSWORD",
    "LEDGER_DB_PASSWORD",
    "DISPATCHER_DB_PASSWORD",
    "CALLBACKS_DB_PASSWORD",
    "STORAGE_DB_PASSWORD",
    "S3_SECRET_KEY",
    "SERVICE_TOKEN",
    "KEY_PEPPER",
    "CALLBACK_SECRETS",
    "SIGNING_KEY",
    "GRAFANA_PASSWORD",
)
_SIMULATOR = "simulator:9400"
_EDGE = "edge:8080"


def variables(given: Mapping[str, str]) -> dict[str, str]:
    """Everything that docker-compose.yml asks for; `given` addresses and provider keys are taken up."""
    public = given.get("PUBLIC_BASE_URL") or f"http://localhost:{given.get('FRAMEBUS_PORT') or 8080}"
    simulated = given.get("SIMULATOR") != "no"
    providers = provider_bases.simulated(f"http://{_SIMULATOR}", {}) if simulated else {}
    providers |= provider_bases.real(given)
    modes = {name: "simulated" if each["simulated"] else "real" for name, each in providers.items()}
    return {
        "PUBLIC_BASE_URL": public,
        **{
            name: given[name]
            for name in ("FRAMEBUS_PORT", "FRAMEBUS_LISTEN", "TLS_FOLDER")
            if given.get(name)
        },
        **{name: secrets.token_urlsafe(24) for name in _SECRETS},
        "PROVIDERS": json.dumps(providers),
        "GATEWAY_PROVIDERS": json.dumps(modes),
        "WEBHOOK_KEYS": "{}",
        **(_demo(modes) if simulated else {"CALLBACKS_BASE_URL": public, "WEBHOOK_JWKS": "{}"}),
    }


def _demo(modes: Mapping[str, str]) -> dict[str, str]:
    """The simulator, which calls back inside the network, and an account for `make demo-remote`."""
    patience = provider_bases.IMPATIENT if "real" not in modes.values() else {}
    return {
        "COMPOSE_PROFILES": "demo",
        "CALLBACKS_BASE_URL": f"http://{_EDGE}",
        "WEBHOOK_JWKS": json.dumps({"fal": f"http://{_SIMULATOR}/fal/.well-known/jwks.json"}),
        "ALLOWED_HOSTS": f"{_SIMULATOR},{_EDGE}",
        **patience,
        "DEMO_ACCOUNT_ID": str(uuid.uuid4()),
        "DEMO_GRANT_ID": str(uuid.uuid4()),
        "DEMO_API_KEY": api_key(),
    }


def api_key() -> str:
    """A well-formed key that nobody has, as `python -m gateway key generate` prints one."""
    body = "mv_live_" + "".join(secrets.choice(_ALPHABET) for _ in range(32))
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return body + digits


def read(file: Path) -> dict[str, str]:
    """What a file says, without its quotes; nothing if there is none."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return {found[1]: found[2].strip("'") for line in lines if (found := _LINE.match(line))}


def write(file: Path, given: Mapping[str, str]) -> list[str]:
    """Add what is missing to the file, readable by its owner alone; the names that were added."""
    known = read(file)
    missing = {name: value for name, value in variables(given).items() if name not in known}
    old = file.read_text("utf-8") if file.exists() else ""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(old + ("\n" if old and not old.endswith("\n") else ""))
        out.writelines(f"{name}='{value}'\n" for name, value in missing.items())
    draft.replace(file)
    return list(missing)


def main() -> None:
    """The command: `python -m stack.env_file [FILE]`."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".env")
    there = file.exists()
    added = write(file, {**os.environ, **read(file)} if there else os.environ)
    words = ", ".join(added) if there and added else f"{len(added)} variables"
    sys.stdout.write(f"{file}: added {words}\n" if added else f"{file}: nothing is missing\n")


if __name__ == "__main__":
    main()
