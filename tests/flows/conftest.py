"""Makes this folder's helpers importable and its fixtures known."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "callbacks"))

from flow_fixtures import running, world  # noqa: F401 -- fixtures are found by name
