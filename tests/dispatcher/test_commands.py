"""What an operator sees."""

import orjson
import pytest
from contracts.ids import task_text, uuid7
from dispatcher import commands
from dispatcher_tools import UNCERTAIN, VEO, Dispatcher

pytestmark = pytest.mark.stack


async def test_a_job_is_shown_with_its_attempts_but_not_its_prompt(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    task = await dispatcher.accept("a secret street")
    await dispatcher.completed(task)
    for name in (task_text(task), str(task)):
        text = await commands.job(dispatcher.db.dsn, name)
        assert text is not None
        assert "secret" not in text
        shown = orjson.loads(text)
        assert (shown["task"], shown["outcome"]) == (task_text(task), "succeeded")
        assert [each["status"] for each in shown["attempts"]] == ["succeeded"]


@pytest.mark.parametrize("text", ["nonsense", "", task_text(uuid7())])
async def test_a_job_that_is_not_there_is_none(dispatcher: Dispatcher, text: str) -> None:
    assert await commands.job(dispatcher.db.dsn, text) is None


async def test_orphans_are_listed(dispatcher: Dispatcher) -> None:
    assert await commands.orphans(dispatcher.db.dsn) == ""
    await dispatcher.start(**UNCERTAIN)
    await dispatcher.simulator.set(gemini={"drop_answer_next": 1})
    task = await dispatcher.accept(model=VEO)
    await dispatcher.completed(task)
    (line,) = (await commands.orphans(dispatcher.db.dsn)).splitlines()
    shown = orjson.loads(line)
    assert (shown["task_id"], shown["orphan"], shown["attempt"]) == (str(task), "suspected", 1)
