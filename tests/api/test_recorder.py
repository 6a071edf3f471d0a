"""What the recorder demands of a run: of a whole one everything, of a part of it nothing."""

from api_document import operations
from recorder import PLACES, Answer, template_of, unseen

LIST = ("GET", "/api/v1/tasks")


def everything(at: set[str]) -> dict[Answer, set[str]]:
    return {
        (*each, status): set(at)
        for each, operation in operations().items()
        for status in operation["responses"]
    }


def test_a_run_that_saw_everything_misses_nothing() -> None:
    assert unseen(everything(set(PLACES)), set(PLACES)) == []


def test_a_whole_run_misses_a_status_and_a_flow() -> None:
    seen = everything(set(PLACES))
    del seen[*LIST, "422"]
    seen[*LIST, "200"] = {"gateway"}
    found = unseen(seen, set(PLACES))
    assert found == ["never seen: GET /api/v1/tasks 422", "no success in a flow test: GET /api/v1/tasks"]


def test_a_run_of_the_flows_alone_is_judged_by_their_successes_only() -> None:
    seen = everything({"flows"})
    del seen[*LIST, "422"]
    assert unseen(seen, {"flows"}) == []
    del seen[*LIST, "200"]
    assert unseen(seen, {"flows"}) == ["no success in a flow test: GET /api/v1/tasks"]


def test_a_run_of_a_part_is_not_judged() -> None:
    assert unseen({}, set()) == []
    assert unseen({}, {"gateway"}) == []


def test_a_path_without_parameters_wins_over_one_with() -> None:
    assert template_of("GET", "/api/v1/webhooks/deliveries") == "/api/v1/webhooks/deliveries"
    assert template_of("GET", "/api/v1/webhooks/wh_1") == "/api/v1/webhooks/{webhook_id}"
    assert template_of("GET", "/nowhere") is None
