"""Imports run one way; libraries are told everything by parameters."""

import ast
from pathlib import Path

import pytest
from built_services import ROOT
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

LIBRARIES = sorted(
    path for path in (ROOT / "libs").glob("*/src/**/*.py") if path.name != "settings.py"
)  # runtime/settings.py declares the mixins that services read
ENVIRONMENT = {"environ", "environb", "getenv"}


def test_the_import_contracts_hold() -> None:
    assert lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_every_package_of_the_repository_is_under_the_import_contracts() -> None:
    listed = (ROOT / ".importlinter").read_text().split("[importlinter:contract", 1)[0].split()
    for pattern in ("libs/*/src/*", "services/*/src/*", "cli/src/*", "stack/src/*", "stack/simulator/src/*"):
        for path in ROOT.glob(pattern):
            if (path / "__init__.py").exists():
                assert path.name in listed, f"{path.name} is missing among the root packages"


@pytest.mark.parametrize("path", LIBRARIES, ids=lambda path: str(path.relative_to(ROOT / "libs")))
def test_no_library_reads_the_environment_or_settings(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        name = getattr(node, "attr", None) or getattr(node, "id", None)
        assert name not in ENVIRONMENT, f"line {getattr(node, 'lineno', '?')}: pass it as a parameter"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert not node.func.id.endswith("Settings"), f"line {node.lineno}: settings are made by services"
