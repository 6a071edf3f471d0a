"""The journeys' stack, operated on while it serves."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "flows"))
sys.path.insert(0, str(Path(__file__).parents[1] / "recovery"))
sys.path.insert(0, str(Path(__file__).parent))

from flow_fixtures import running, world

__all__ = ["running", "world"]
