"""The commands: what they print and how they exit."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.ids import task_text
from ledger.__main__ import cli
from ledger.inbound.terminal import credits_text
from typer.testing import CliRunner


async def run(ledger: Any, *arguments: str) -> tuple[int, str]:
    """`python -m ledger …` on the test's database: exit code and output."""
    env = {
        "LEDGER_DATABASE_DSN": ledger.db.dsn,
        "LEDGER_KAFKA_BOOTSTRAP": "unused:1",
        "LEDGER_ENVIRONMENT": "dev",
        "COLUMNS": "250",
    }
    result = await asyncio.to_thread(CliRunner().invoke, cli, list(arguments), env=env)
    return result.exit_code, result.output


async def test_check_exits_zero_on_right_books_and_not_on_wrong_ones(
    module_ledger: Any, say: Any, a: UUID
) -> None:
    await module_ledger.tell(say.grant(a, 5_500_000))
    code, output = await run(module_ledger, "check")
    assert (code, "The books are right" in output) == (0, True)
    assert all(f"M{n}" in output for n in range(1, 9))
    await module_ledger.db.pool.execute("UPDATE balances SET available_micro = 1 WHERE account_id = $1", a)
    code, output = await run(module_ledger, "check")
    assert (code, "THE BOOKS ARE WRONG" in output, str(a) in output) == (1, True, True)


async def test_account_and_hold_show_what_happened(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 5_500_000), say.request(a, t, 1_250_000), say.failed(a, t))
    code, output = await run(ledger, "account", str(a))
    assert (code, "5.5" in output, "release" in output, str(t) in output) == (0, True, True, True)
    for name in (str(t), task_text(t)):
        code, output = await run(ledger, "hold", name)
        assert (code, "released" in output, "freeze" in output, "1.25" in output) == (0, True, True, True)


async def test_unknown_names_get_a_clear_answer(ledger: Any) -> None:
    code, output = await run(ledger, "account", str(uuid4()))
    assert (code, "No account" in output) == (1, True)
    code, output = await run(ledger, "hold", str(uuid4()))
    assert (code, "No task" in output) == (1, True)
    code, output = await run(ledger, "hold", "nonsense")
    assert (code, "neither a UUID nor a task" in output) == (2, True)


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "0"),
        (1, "0.000001"),
        (1_500_000, "1.5"),
        (-10_000_000, "-10"),
        (2**63 - 1, "9223372036854.775807"),
    ],
)
def test_micro_credits_read_as_credits(micro: int, text: str) -> None:
    assert credits_text(micro) == text
