"""The quick start does what it says, as it stands; the error table is the code's."""

import asyncio
import os
import re
import subprocess
import sys

import pytest
from error_table import PAGE, page
from flow_tools import ROOT, World

BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "docs" / "api" / "README.md").read_text(), re.DOTALL)
COMMANDS = {"bash": ("bash", "-euc"), "python": (sys.executable, "-c")}


@pytest.mark.parametrize(("language", "code"), [each for each in BLOCKS if each[0] in COMMANDS])
async def test_a_block_of_the_quick_start_runs_as_it_stands(world: World, language: str, code: str) -> None:
    customer = await world.customer("100")
    given = {"FRAMEBUS_URL": world.facts["gateway_url"], "FRAMEBUS_KEY": customer.key}
    done = await asyncio.to_thread(
        subprocess.run,
        [*COMMANDS[language], code],
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert "succeeded" in done.stdout or "completed" in done.stdout


def test_the_error_table_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `make api-docs`"
