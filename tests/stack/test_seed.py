import sys
from pathlib import Path

import pytest
from stack import several
from stack.errors import StackError
from stack.paths import Home
from stack.seed import seed, seeded

GATEWAY = """
import os, sys, uuid
with open(os.environ["CALLS"], "a") as calls: print(*sys.argv[1:], file=calls)
if sys.argv[1] == os.environ.get("FAILING"): sys.exit("it is refused")
words = sys.argv
if words[1] == "key":
    print(words[words.index("--secret") + 1] if "--secret" in words else "mv_live_" + uuid.uuid4().hex)
"""


@pytest.fixture
def gateway(tmp_path: Path) -> dict[str, str]:
    """An environment in which `python -m gateway` is a stand-in that notes its calls."""
    package = tmp_path / "packages" / "gateway"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(GATEWAY)
    return {"PYTHONPATH": str(package.parent), "CALLS": str(tmp_path / "calls")}


def _calls(gateway: dict[str, str]) -> list[str]:
    return Path(gateway["CALLS"]).read_text().splitlines()


async def test_three_accounts_and_keys_and_one_grant_are_made(home: Home, gateway: dict[str, str]) -> None:
    keys = await seed(home, gateway)
    calls = _calls(gateway)
    assert [call.split()[0] for call in calls] == ["account", "key"] * 3 + ["grant"]
    assert ["--admin" in call for call in calls if call.startswith("account")] == [False, False, True]
    assert len({keys.api_key, keys.poor_api_key, keys.admin_key}) == 3


async def test_seeding_again_asks_for_the_same_ids_and_keys(home: Home, gateway: dict[str, str]) -> None:
    first = await seed(home, gateway)
    assert await seed(home, gateway) == first
    calls = _calls(gateway)
    assert [c for c in calls[:7] if c.split()[0] != "key"] == [c for c in calls[7:] if c.split()[0] != "key"]


async def test_a_stack_counts_as_seeded_only_when_its_credits_were_seen(
    home: Home, gateway: dict[str, str]
) -> None:
    await seed(home, gateway)
    assert seeded(home) is None


async def test_a_refused_command_is_shown_with_its_own_words(home: Home, gateway: dict[str, str]) -> None:
    with pytest.raises(StackError, match="it is refused"):
        await seed(home, {**gateway, "FAILING": "grant"})


def test_several_commands_stop_at_the_first_that_fails(
    gateway: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Path(gateway["PYTHONPATH"]) / "toy_commands.py"
    script.write_text("import sys; print(sys.argv[1]); sys.exit(int(sys.argv[1]))")
    monkeypatch.setattr(sys, "path", [str(script.parent), *sys.path])
    monkeypatch.setattr(sys, "argv", ["pytest"])
    assert several.run("toy_commands", [["0"], ["3"], ["0"]]) == 3
    assert capsys.readouterr().out.split() == ["0", "3"]
