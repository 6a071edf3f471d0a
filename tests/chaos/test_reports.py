"""What is seen in logs, and reports side by side."""

from pathlib import Path

from chaos.report import Condition, Finding, Report
from chaos.sight import Sight
from chaos.summary import summary


def test_only_what_a_log_says_from_now_on_is_seen(tmp_path: Path) -> None:
    log, other = tmp_path / "ledger.log", tmp_path / "twin.log"
    log.write_text("deadlock before\n")
    sight = Sight(log, other)
    assert not sight.saw("deadlock")
    with log.open("a") as more:
        more.write("deadlock of one\nanother batch\n")
    other.write_text("fenced\n")
    assert sight.saw("deadlock", "one")
    assert not sight.saw("deadlock", "another"), "both words stand in one line"
    assert sight.saw("fenced")


def test_saved_reports_are_shown_side_by_side(tmp_path: Path) -> None:
    for seed in (1, 2):
        report = Report(seed, 3.0, "abc", faults=["kill"])
        report.figures = {
            "requests": 9,
            "accepted": 8,
            "answers that clients saw": {"202": 8, "402": 1},
            "killed with work in hand": {"ledger": seed},
            "seconds in all": 60,
        }
        report.findings = [Finding("M1", "postings sum to zero", "5 transfers", ["one"] * (seed - 1))]
        report.conditions = [Condition("S1", "failpoints fired", 1, "relay.sent")]
        report.save(tmp_path)
    shown = summary(tmp_path, [1, 2])
    assert "| killed with work in hand | ledger 1 | ledger 2 |" in shown
    assert "| M1 | postings sum to zero | 5 transfers | 5 transfers **1 wrong** |" in shown
    assert "| S1 | failpoints fired | 1 (relay.sent) | 1 (relay.sent) |" in shown
