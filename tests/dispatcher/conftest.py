"""Makes this folder's helpers importable and its fixtures known."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dispatcher_fixtures import callbacks, dispatcher, own_db, simulator, simulator_url  # noqa: F401 -- fixtures are found by name
