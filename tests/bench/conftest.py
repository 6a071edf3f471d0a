"""Makes the benches importable: they are a folder beside the packages, not one of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
