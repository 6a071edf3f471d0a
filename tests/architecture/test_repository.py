"""What is committed works anywhere: no registry's host, no path of somebody's machine, no secret."""

import re
import subprocess

import pytest
from built_services import ROOT

# Put together here so that this file doesn't find itself.
HOSTS = [
    "pypi" + r"\.org",
    "python" + r"hosted\.org",
    r"repo1?\." + r"maven(?:\.apache)?\.org",
    "maven" + r"\.org",
    "registry" + r"\.npmjs",
    r"proxy\." + r"golang",
    "--(?:extra-)?" + "index-url" + r"[= ]+http",
]
PATHS = [
    r"(?<![\w.])/" + "work/",
    "/" + r"root/(?!\.)",
    "/home/" + r"[a-z]",
    "/Users/" + r"[A-Za-z]",
    r"[A-Z]:\\Users",
]
SECRETS = [
    r"-----BEGIN (?:RSA |EC )?PRIVATE" + " KEY-----",
    r"\bsk-[A-Za-z0-9]{32,}",
    r"\bAKIA[0-9A-Z]{16}\b",
]
FIXTURE_KEYS = re.compile(r"tests/.*\.pem$")  # made for a test server's certificate, worth nothing


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def hits(patterns: list[str]) -> list[str]:
    found, pattern = [], re.compile("|".join(patterns).encode())
    for name in tracked():
        if name == ".importlinter" or FIXTURE_KEYS.search(name):
            continue
        for number, line in enumerate((ROOT / name).read_bytes().splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{name}:{number}: {match.group().decode()}")
    return found


def test_no_registry_host_is_committed() -> None:
    assert hits(HOSTS) == []


def test_no_path_of_one_machine_is_committed() -> None:
    assert hits(PATHS) == []


def test_no_secret_is_committed() -> None:
    assert hits(SECRETS) == []


def test_what_is_made_at_run_time_is_not_committed() -> None:
    made = (".framebus/", ".venv/", "__pycache__/", ".mypy_cache/", ".ruff_cache/", ".pytest_cache/")
    assert [name for name in tracked() if any(part in f"/{name}" for part in made)] == []


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_a_repository_has_the_pages_that_people_look_for(name: str) -> None:
    assert (ROOT / name).stat().st_size > 200
