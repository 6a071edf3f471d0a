"""The second reader of the books: it accepts right ones and names what is wrong with others."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.books import Books, prove

ACCOUNT, GRANT, TASK = "a", "g", "t"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def transfer(version: int, kind: str, amount: int, available: int, held: int) -> dict[str, Any]:
    debit, credit = {
        "grant": ("issuer", "available"),
        "freeze": ("available", "held"),
        "settle": ("held", "revenue"),
        "release": ("held", "available"),
    }[kind]
    return {
        "account_id": ACCOUNT,
        "asset": "credit",
        "version": version,
        "kind": kind,
        "debit": debit,
        "credit": credit,
        "amount_micro": amount,
        "available_micro": available,
        "held_micro": held,
        "task_id": None if kind == "grant" else TASK,
        "change_id": GRANT if kind == "grant" else None,
        "recorded_at": NOW + timedelta(seconds=version),
    }


def right() -> dict[str, list[dict[str, Any]]]:
    """A grant of 10, a hold of 6, 4 of it charged."""
    return {
        "balances": [
            {"account_id": ACCOUNT, "asset": "credit", "available_micro": 6, "held_micro": 0, "version": 5}
        ],
        "transfers": [
            transfer(2, "grant", 10, 10, 0),
            transfer(3, "freeze", 6, 4, 6),
            transfer(4, "settle", 4, 4, 2),
            transfer(5, "release", 2, 6, 0),
        ],
        "tasks": [
            {
                "task_id": TASK,
                "account_id": ACCOUNT,
                "asset": "credit",
                "frozen_at": NOW,
                "closed_at": NOW,
                "held_micro": 6,
                "outcome": "settled",
            }
        ],
        "changes": [{"change_id": GRANT, "asset": "credit", "amount_micro": 10, "written_off_micro": 0}],
    }


def wrong(rows: dict[str, list[dict[str, Any]]], glances: dict[str, int] | None = None) -> set[str]:
    granted = {GRANT: (ACCOUNT, "credit", 10)}
    return {each.name for each in prove(Books(**rows), granted, glances or {"right": 3}) if each.wrong}


def test_right_books_are_right() -> None:
    assert wrong(right()) == set()


def test_a_grant_that_is_booked_twice_is_found() -> None:
    rows = right()
    rows["transfers"].append(transfer(6, "grant", 10, 16, 0))
    rows["balances"][0] |= {"available_micro": 16, "version": 6}
    rows["changes"].append(dict(rows["changes"][0]))
    assert wrong(rows) >= {"M2"}


def test_a_grant_that_was_acknowledged_and_is_lost_is_found() -> None:
    rows = right()
    rows["changes"], rows["transfers"] = [], rows["transfers"][1:]
    assert wrong(rows) >= {"M2", "M6"}


def test_a_hold_that_is_settled_twice_is_found() -> None:
    rows = right()
    rows["transfers"].append(transfer(6, "settle", 4, 6, -4))
    rows["balances"][0] |= {"held_micro": -4, "version": 6}
    assert wrong(rows) >= {"M3", "M5"}


def test_a_hold_that_nobody_holds_is_found() -> None:
    rows = right()
    rows["tasks"][0] |= {"closed_at": None, "outcome": None}
    assert wrong(rows) >= {"M4", "M5"}


def test_a_missing_version_and_a_time_that_goes_back_are_found() -> None:
    rows = right()
    rows["transfers"][2]["version"] = 7
    rows["transfers"][3]["recorded_at"] = NOW
    assert wrong(rows) >= {"M6", "M7"}


def test_an_unknown_route_and_a_refusal_that_moved_something_are_found() -> None:
    rows = right()
    rows["transfers"][2]["credit"] = "issuer"
    rows["tasks"][0]["outcome"] = "refused"
    assert wrong(rows) >= {"M1", "M8"}


def test_a_look_in_the_middle_that_was_wrong_is_remembered() -> None:
    assert wrong(right(), {"right": 9, "off 1": 1}) == {"M2"}
