"""The chaos program is no installed package: it is run from the repository's folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
