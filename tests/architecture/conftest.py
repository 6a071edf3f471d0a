"""Every service as `app.build` joins it, from the environment that the one-machine stack gives it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
