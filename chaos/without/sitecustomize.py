"""Takes one remedy out of the services, from outside: production code knows nothing of it.

Python imports this by itself in every process that `python -m chaos --without NAME` starts.
"""

import importlib
import os
import sys

_wanted = os.environ.get("CHAOS_WITHOUT")
_service = sys.orig_argv[2] if sys.orig_argv[1:2] == ["-m"] and len(sys.orig_argv) > 2 else ""

if _wanted:
    importlib.import_module("taken_out").take_out(_wanted, _service)
