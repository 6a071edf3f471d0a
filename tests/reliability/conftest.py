"""One test per failure mode: with the tools of the packages that the mode is about."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "flows"))
sys.path.insert(0, str(Path(__file__).parents[1] / "dispatcher"))
sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))
sys.path.insert(0, str(Path(__file__).parent))

from child_process import group, start_child  # noqa: F401 -- fixtures are found by name
from dispatcher_fixtures import callbacks, dispatcher, own_db, simulator, simulator_url  # noqa: F401 -- likewise
from flow_fixtures import running, world  # noqa: F401 -- likewise
from own_servers import own_home, own_servers  # noqa: F401 -- likewise
from reliability_tools import disarmed  # noqa: F401 -- likewise
from runtime_fixtures import database, db, dsn, kafka_topic, make_bus, own_topic, raw, say, topic  # noqa: F401 -- likewise
from topic_reader import reader  # noqa: F401 -- likewise

from tests.storage.conftest import (  # noqa: F401 -- likewise
    provider,
    small_video,
    spool_directory,
    storage,
    store,
    store_config,
)
