"""What `--without` takes out is still there to be taken out, and the audit is told what that breaks."""

import os
import subprocess
import sys

import pytest

from chaos.remedies import REMEDIES
from chaos.stage import ROOT

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")


@pytest.mark.parametrize("name", sorted(REMEDIES))
def test_a_remedy_can_be_taken_out_of_the_services_as_they_are(name: str) -> None:
    """Each patch names what it changes: it fails when that is no longer so."""
    patch = f"import taken_out; [taken_out.take_out({name!r}, each) for each in {SERVICES!r}]"
    done = subprocess.run(
        [sys.executable, "-c", patch],
        env={**os.environ, "PYTHONPATH": str(ROOT / "chaos" / "without")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_nothing_is_taken_out_unless_it_is_asked_for() -> None:
    code = "import sys; print('taken_out' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "chaos" / "without")}
    said = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert said.strip() == "False"
