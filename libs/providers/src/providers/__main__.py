"""`python -m providers`: the protocols and template filters that there are, as JSON, for other tools."""

import json
import sys

from providers.adapter import protocols
from providers.template import FILTERS

if __name__ == "__main__":
    told = {"protocols": sorted(protocols()), "filters": sorted(FILTERS)}
    sys.stdout.write(json.dumps(told) + "\n")
