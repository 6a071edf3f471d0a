"""Sets the clock of one process ahead: Python imports this by itself where PYTHONPATH names the folder.

What a process of ours can ask the machine is `time.time` and `datetime.now`; the kernel's clock stays.
"""

import datetime
import os
import time
from typing import Any

AHEAD = float(os.environ.get("CLOCK_AHEAD_SECONDS", "0"))
_true_time, _true_time_ns, _Datetime = time.time, time.time_ns, datetime.datetime


class _OfAnyClock(type):
    """Moments are equals, whichever class made them."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _Datetime)


class Shifted(_Datetime, metaclass=_OfAnyClock):
    """A datetime that takes another moment for now."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _Datetime.now(tz) + datetime.timedelta(seconds=AHEAD)

    @classmethod
    def utcnow(cls) -> Any:
        return _Datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=AHEAD)


if AHEAD:
    time.time = lambda: _true_time() + AHEAD
    time.time_ns = lambda: _true_time_ns() + int(AHEAD * 1e9)
    datetime.datetime = Shifted  # type: ignore[misc]
