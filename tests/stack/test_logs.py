import pytest
from stack import logs
from stack.errors import StackError
from stack.paths import Home


def _said(home: Home, service: str | None, lines: int) -> list[str]:
    said: list[str] = []
    logs.tail(home, service, lines, follow=False, say=said.append)
    return said


def test_each_line_says_which_process_wrote_it(home: Home) -> None:
    (home.logs / "ledger.log").write_text("one\ntwo\nthree\n")
    (home.logs / "s3.log").write_text("ready\n")
    assert _said(home, None, 2) == ["ledger | two", "ledger | three", "s3     | ready"]


def test_one_service_is_shown_alone(home: Home) -> None:
    (home.logs / "ledger.log").write_text("one\n")
    (home.logs / "s3.log").write_text("ready\n")
    assert _said(home, "s3", 5) == ["s3 | ready"]


def test_a_service_without_a_log_is_named(home: Home) -> None:
    with pytest.raises(StackError, match="no log of nobody"):
        _said(home, "nobody", 5)


def test_following_prints_whole_lines_only_and_starts_again_with_a_new_file(home: Home) -> None:
    log, said = home.logs / "s3.log", list[str]()
    log.write_text("one\n")
    position = logs._print_end(log, 0, 2, said.append)
    log.write_text("one\ntwo\nthr")
    position = logs._print_new(log, position, 2, said.append)
    log.write_text("one\ntwo\nthree\n")
    position = logs._print_new(log, position, 2, said.append)
    log.write_text("new\n")
    logs._print_new(log, position, 2, said.append)
    assert said == ["s3 | two", "s3 | three", "s3 | new"]
