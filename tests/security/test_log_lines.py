"""Whatever gets into a log, a line is one JSON document: nobody writes an event by sending a line break."""

import json
import subprocess
import sys

HOSTILE = 'a\r\n{"event": "forged"}\u2028\u0085\x1b[31m\x00'
PROGRAM = """
import logging, sys
import structlog
from runtime import logs
logs.configure("a-service")
text = sys.stdin.read()
log = structlog.get_logger()
log.info("named", user_agent=text, **{"field" + str(1): [text, {text: text}]})
log.warning(text, error=repr(ValueError(text)))
logging.getLogger("uvicorn.error").warning("Invalid HTTP request: %s", text)
try:
    raise ValueError(text)
except ValueError:
    log.exception("failed", path=text)
    logging.getLogger("somebody").exception(text)
"""


def test_a_line_break_in_a_field_a_message_or_an_exception_begins_no_line() -> None:
    """Seen failing with the console's renderer."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=HOSTILE.encode(), capture_output=True, check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "warning", "error", "error"]
    assert not [line for line in lines if line["event"] == "forged"]
    assert b"\x1b" not in done.stderr
