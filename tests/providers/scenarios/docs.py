"""`make providers-doc` (`python -m scenarios.docs`): writes docs/providers.md from the scenario table."""

from pathlib import Path

from providers.adapter import Adapter, adapter
from scenarios.subject import Subject
from scenarios.subjects import SUBJECTS
from scenarios.table import SCENARIOS

PAGE = Path(__file__).parents[3] / "docs" / "providers.md"
INTRODUCTION = """\
# Provider protocols

Written by `make providers-doc` from `tests/providers/scenarios`; a test fails when it says something else.
Each protocol is a module of `libs/providers`; a provider is a protocol, a base URL and credentials.
"""
SIGNS = """\
✓ is a test: `pytest tests/providers/scenarios -k <protocol>-<scenario>`, through real sockets to the
simulator, which shares no code with the adapters. A number says why the scenario can't occur.
"""


def page() -> str:
    """The whole page."""
    spoken = [(subject, adapter(protocol)) for protocol, subject in SUBJECTS.items()]
    facts = [_facts(subject, each) for subject, each in spoken]
    reasons = sorted({reason for subject, _ in spoken for reason in subject.impossible.values()})
    cells = [[f"`{subject.protocol}`", *_cells(subject, each, reasons)] for subject, each in spoken]
    notes = "\n".join(f"{number}. {reason}." for number, reason in enumerate(reasons, 1))
    return "\n".join(
        (
            INTRODUCTION,
            "## What each protocol offers\n",
            _table(["protocol", "serves", "followed by", "a lost submit", "cancel", "results live"], facts),
            "\n## Scenarios\n",
            SIGNS,
            _table(["", *(name.replace("_", " ") for name in SCENARIOS)], cells),
            "\n" + "\n".join(_meanings()),
            f"\nWhy not:\n\n{notes}\n",
        )
    )


def _facts(subject: Subject, spoken: Adapter) -> list[str]:
    offers = spoken.capabilities
    poll = f"poll, {offers.poll_many} jobs at once" if offers.poll_many else "poll"
    webhook = f"{'signed' if offers.signed_webhooks else 'unsigned'} webhook and "
    if not subject.unknown_id:
        followed = "nothing: the answer is the result"
    else:
        followed = (webhook if offers.webhooks else "") + poll
    late = "while it waits; later it **erases** the job" if offers.cancel_deletes_finished else "yes"
    lives = _hours(offers.result_seconds) if "expired_link" not in subject.impossible else "in the answer"
    return [
        f"`{subject.protocol}`",
        subject.serves,
        followed,
        _lost(spoken),
        late if offers.cancel else "no",
        lives,
    ]


def _lost(spoken: Adapter) -> str:
    offers = spoken.capabilities
    ways = ["is repeated"] * offers.idempotent_submit + ["is looked up"] * offers.lookup
    return " or ".join(ways) or "stays unknown"


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min"


def _cells(subject: Subject, spoken: Adapter, reasons: list[str]) -> list[str]:
    cells = dict.fromkeys(SCENARIOS, "✓")
    cells["lost_answer"] = f"✓ {_lost(spoken)}"
    cells["expired_link"] = f"✓ {subject.expired_link}"
    cells |= {name: f"– ({reasons.index(why) + 1})" for name, why in subject.impossible.items()}
    return list(cells.values())


def _meanings() -> list[str]:
    return [f"- **{name.replace('_', ' ')}**: {scenario.__doc__}" for name, scenario in SCENARIOS.items()]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
