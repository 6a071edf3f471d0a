"""Makes this folder's helpers importable and its fixtures known."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from child_process import group, start_child  # noqa: F401 -- fixtures are found by name
from runtime_fixtures import database, db, dsn, kafka_topic, make_bus, own_topic, raw, say, topic  # noqa: F401 -- fixtures are found by name
from topic_reader import reader  # noqa: F401 -- likewise
