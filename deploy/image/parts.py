"""Pick what one service's image is made of out of the repository. Standard library only: runs in the build.

`parts.py SERVICE OUT` writes OUT/requirements.txt (what the service needs of requirements.lock, with its
hashes), OUT/app (its package and the libs below it, as they lie in the repository), OUT/framebus.pth
(where Python finds them) and OUT/service (the command of the image).
"""

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = Path("/app")
_PACKAGE = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*])?==")
_OURS = re.compile(r"^(framebus-[a-z]+) \(")
_COMMAND = """\
#!/opt/venv/bin/python
import os
import runpy
import sys

os.environ.setdefault("{prefix}_{host}", "0.0.0.0")
sys.argv[1:] = sys.argv[1:] or {default}
runpy.run_module("{name}", run_name="__main__", alter_sys=True)
"""


def members(root: Path = ROOT) -> dict[str, Path]:
    """The workspace's packages: distribution name → folder."""
    workspace = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    return {f"framebus-{Path(member).name}": Path(member) for member in workspace["members"]}


def needed(package: str, root: Path = ROOT) -> list[str]:
    """The package and those of ours that it needs, each once."""
    known, found, waiting = members(root), [], [package]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.append(name)
        project = tomllib.loads((root / known[name] / "pyproject.toml").read_text())["project"]
        waiting += [need for need in map(_name, project["dependencies"]) if need in known]
    return sorted(found)


def requirements(lock: str, ours: list[str]) -> str:
    """The entries of a lock that our packages need, by its own notes of who asked for what, without these."""
    entries = {_name(entry): entry for entry in _entries(lock)}
    wanted: set[str] = set()
    while more := {
        name for name, entry in entries.items() if name not in wanted and wanted.union(ours) & _askers(entry)
    }:
        wanted |= more
    lines = (line for name in sorted(wanted) for line in entries[name].splitlines(keepends=True))
    return "".join(line for line in lines if not line.lstrip().startswith("#"))


def _entries(lock: str) -> Iterator[str]:
    entry = ""
    for line in lock.splitlines(keepends=True):
        if _PACKAGE.match(line) and entry:
            yield entry
            entry = ""
        entry += line
    yield entry


def _askers(entry: str) -> set[str]:
    """Who a `# via` note names: packages by name, ours with their file, dependency groups not at all."""
    notes = [line.strip().lstrip("# ").removeprefix("via").strip() for line in entry.splitlines()]
    lines = entry.splitlines()
    told = [note for note, line in zip(notes, lines, strict=True) if line.strip().startswith("#") and note]
    return {ours[1] if (ours := _OURS.match(note)) else note for note in told}


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; \\]", requirement.strip(), maxsplit=1)[0].lower()


def main(service: str, out: Path) -> None:
    """Write the parts."""
    package, known = f"framebus-{service}", members()
    if package not in known:
        sys.exit(f"there is no service {service!r}: {', '.join(sorted(known))}")
    ours, sources = needed(package), []
    for name in ours:
        shutil.copytree(ROOT / known[name] / "src", out / APP.name / known[name] / "src")
        sources.append(APP / known[name] / "src")
    migrations = ROOT / known[package] / "migrations"
    if migrations.is_dir():
        shutil.copytree(migrations, out / APP.name / known[package] / "migrations")
    (out / "requirements.txt").write_text(requirements((ROOT / "requirements.lock").read_text(), ours))
    (out / "framebus.pth").write_text("".join(f"{source}\n" for source in sources))
    _write_command(out / "service", service)


def _write_command(file: Path, service: str) -> None:
    if service == "simulator":
        text = _COMMAND.format(prefix="SIM", host="HOST", default=[], name=service)
    else:
        text = _COMMAND.format(prefix=service.upper(), host="HTTP_HOST", default=["all"], name=service)
    file.write_text(text)
    file.chmod(0o755)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
