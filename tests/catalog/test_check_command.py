"""`python -m catalog check`: every file's first mistake, with file and line."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from catalog.__main__ import main
from catalog.checking import packaged
from providers.adapter import protocols
from providers.template import FILTERS

SPOKEN = json.dumps({"protocols": list(protocols()), "filters": list(FILTERS)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(copytree(packaged(), tmp_path / "catalog"))


def test_the_catalog_has_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--spoken", SPOKEN]) == 0
    assert "no mistake" in capsys.readouterr().out


def test_the_two_commands_fit_together() -> None:
    told = subprocess.run([sys.executable, "-m", "providers"], check=True, capture_output=True)
    command = [sys.executable, "-m", "catalog", "check", "--spoken", "-"]
    assert subprocess.run(command, input=told.stdout, check=False, capture_output=True).returncode == 0


MISTAKES = [
    ("flux.yaml", "minimum_tier: free", "minimum_tier: royal", "no tier is called 'royal'"),
    ("flux.yaml", 'prompt: "{prompt}"', 'prompt: "{promt}"', "no field 'promt'"),
    ("flux.yaml", 'prompt: "{prompt}"', 'prompt: "{Prompt}"', "a brace that names no field"),
    ("flux.yaml", "protocol: fal", "protocol: fax", "no adapter speaks 'fax'"),
    ("flux.yaml", "{seed|seed_or_none}", "{seed|none}", "no filter is called 'none'"),
    ("flux.yaml", "kind: per_megapixel", "kind: per_pound", "no cost is called 'per_pound'"),
    ("flux.yaml", "micro: 600000, width: width", "micro: 600000, width: wide", "no field 'wide'"),
    ("flux.yaml", "prompt: {like: prompt}", "prompt: {like: poem}", "no field 'poem'"),
    ("wan-vace.yaml", "given: [image_url]", "given: [picture]", "no field 'picture'"),
    ("wan-vace.yaml", "workflow: wan-vace.json", "workflow: wan-face.json", "wan-face.json"),
    ("wan-vace.yaml", "workflow: wan-vace.json", "workflow: ../x.json", "a file beside this one"),
    ("wan-vace.yaml", "frames_field: frames", "frames_field: count", "no field 'count'"),
    ("hunyuan3d.yaml", "any_of: [prompt, image_url]", "any_of: [prompt, picture]", "no field 'picture'"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), MISTAKES)
def test_a_mistake_is_named_with_file_and_line(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, old: str, new: str, message: str
) -> None:
    path = folder / "models" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert main(["check", "--catalog", str(folder), "--spoken", SPOKEN]) == 1
    [said] = capsys.readouterr().err.splitlines()
    place, _, words = said.partition(": ")
    assert message in words
    line = int(place.removeprefix(f"{path}:"))
    lines = path.read_text().splitlines()
    changed = next(number for number, each in enumerate(lines, 1) if new in each)
    assert 0 <= changed - line <= 9, "on the changed line, or where the part that holds it begins"


def test_every_file_with_a_mistake_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("flux.yaml", "music.yaml"):
        path = folder / "models" / name
        path.write_text(path.read_text().replace("minimum_tier: free", "minimum_tier: royal"))
    assert main(["check", "--catalog", str(folder)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_only_the_named_files_are_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = folder / "models"
    (models / "flux.yaml").write_text("slug: [")
    assert main(["check", "--catalog", str(folder), str(models / "music.yaml")]) == 0
    assert main(["check", "--catalog", str(folder), str(models / "flux.yaml")]) == 1
    assert f"{models / 'flux.yaml'}:1" in capsys.readouterr().err


def test_a_graph_that_is_no_json_is_named_where_it_is_asked_for(folder: Path) -> None:
    (folder / "models" / "sd15.json").write_text("{")
    assert main(["check", "--catalog", str(folder), str(folder / "models" / "sd15.yaml")]) == 1
