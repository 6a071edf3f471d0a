"""The two guides are followed to the letter: each block is written or run, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str, str]]:
    return BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))


def run(command: list[str], folder: Path) -> None:
    tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=tools, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", ["adding-a-model.md", "adding-a-provider.md"])
def test_a_stranger_gets_through_by_doing_what_the_page_says(page: str, tmp_path: Path) -> None:
    (tmp_path / "libs").symlink_to(ROOT / "libs")
    done = set()
    for language, file, content in blocks(page):
        if file:
            (tmp_path / file).write_text(content, "utf-8")
        elif language == "python":
            run([sys.executable, "-c", content], tmp_path)
        else:
            assert language == "sh", f"{page} has a block that nobody runs: {language}"
            run(["bash", "-euo", "pipefail", "-c", content], tmp_path)
        done.add("file" if file else language)
    assert done == {"file", "sh", "python"}
