"""Every service has the same rooms, so that knowing one is knowing all."""

import re
from pathlib import Path

from built_services import EVERY_SERVICE, ROOT, package
from contracts.topics import read_by, written_by

ROOMS = {"inbound", "usecases", "domain", "db", "outbound"}
OWN_ROOMS = {"storage": {"probe"}, "gateway": {"parts"}}  # child processes; app.py in pieces
DOORS = {"__init__.py", "__main__.py", "app.py", "settings.py", "metrics.py", "py.typed"}
OPTIONAL_DOORS = {"commands.py"}
TABLE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+)(?! PARTITION OF)\b", re.IGNORECASE)


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "__pycache__"}


@EVERY_SERVICE
def test_a_service_has_the_same_rooms_and_doors_as_the_others(service: str) -> None:
    found = entries(package(service))
    assert found >= DOORS
    assert found - DOORS - OPTIONAL_DOORS <= ROOMS | OWN_ROOMS.get(service, set())
    assert entries(ROOT / "services" / service) <= {"README.md", "pyproject.toml", "migrations", "src"}


@EVERY_SERVICE
def test_no_room_is_empty(service: str) -> None:
    for room in package(service).rglob("*"):
        if room.is_dir() and room.name != "__pycache__":
            modules = [path for path in room.rglob("*.py") if path.stat().st_size > 0]
            assert modules, f"{room.relative_to(ROOT)} is empty: an unused room is absent"


@EVERY_SERVICE
def test_a_service_brings_its_migrations(service: str) -> None:
    migrations = ROOT / "services" / service / "migrations"
    assert (migrations / "env.py").exists()
    versions = sorted(path.name for path in (migrations / "versions").glob("*.py"))
    assert versions
    assert versions[0].startswith("0001_")


@EVERY_SERVICE
def test_the_readme_says_what_a_service_consumes_publishes_owns_and_asks(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text("utf-8")
    for word in ("Consumes", "Publishes", "Owns", "Asks"):
        assert re.search(rf"\b{word}\b", text, re.IGNORECASE), (
            f"the README doesn't say what it {word.lower()}"
        )
    for topic in (*read_by(service), *written_by(service)):
        if not topic.name.endswith(".dlq"):
            assert topic.name in text, f"the README doesn't name {topic.name}"
    for table in tables(service):
        assert re.search(rf"\b{table}\b", text), f"the README doesn't name the table {table}"


def tables(service: str) -> set[str]:
    """The service's own; the runtime's come from runtime."""
    root = ROOT / "services" / service
    sources = [*root.glob("migrations/versions/*.py"), *root.glob("src/**/*.py")]
    return {name for path in sources for name in TABLE.findall(path.read_text("utf-8"))}


@EVERY_SERVICE
def test_no_service_names_another_services_database_settings(service: str) -> None:
    others = {"gateway", "ledger", "dispatcher", "callbacks", "storage"} - {service}
    for path in package(service).rglob("*.py"):
        text = path.read_text("utf-8")
        for other in others:
            assert f"{other.upper()}_DATABASE" not in text, f"{path.relative_to(ROOT)} reads {other}'s tables"
