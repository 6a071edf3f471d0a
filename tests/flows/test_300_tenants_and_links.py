"""One customer never sees another; a result's link needs no key and bears ranges."""

from flow_tools import seedance


async def test_anothers_task_is_like_one_that_never_was(world) -> None:
    mine, other = await world.customer("100"), await world.customer("100")
    task = (await mine.make(seedance()))["task_id"]
    for path in (f"/api/v1/tasks/{task}", f"/api/v1/tasks/{task}/events"):
        theirs = await other.api.get(path)
        random = await other.api.get(path.replace(task, "task_01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        assert (theirs.status_code, random.status_code) == (404, 404)
        for answer in (theirs.json()["error"], random.json()["error"]):
            answer.pop("request_id")
        assert theirs.json()["error"]["code"] == random.json()["error"]["code"]


async def test_a_result_link_bears_ranges_and_head_and_no_key(world) -> None:
    customer = await world.customer("100")
    document = await customer.make(seedance())
    link = document["output"]["videos"][0]
    anyone = world.simulator
    whole = await anyone.get(link["url"])
    assert (whole.status_code, len(whole.content)) == (200, link["size_bytes"])
    assert whole.headers["content-type"] == "video/mp4"
    part = await anyone.get(link["url"], headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{link['size_bytes']}"
    tail = await anyone.get(link["url"], headers={"Range": "bytes=-10"})
    assert tail.content == whole.content[-10:]
    beyond = await anyone.get(link["url"], headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    head = await anyone.head(link["url"])
    assert (head.status_code, int(head.headers["content-length"]), head.content) == (
        200,
        link["size_bytes"],
        b"",
    )
    assert (await anyone.get(link["url"].replace(link["url"].split("/")[-2], "A" * 32))).status_code == 404


async def test_a_tasks_events_tell_its_whole_story_and_resume_where_a_reader_left(world) -> None:
    customer = await world.customer("100")
    task = (await customer.make(seedance()))["task_id"]
    events = (await customer.api.get(f"/api/v1/tasks/{task}/events")).json()["data"]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "requested"
    assert {"frozen", "submitted", "completed", "stored", "settled", "succeeded"} <= set(kinds)
    assert kinds[-1] == "succeeded"
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(events[1]["seq"])}
    response = await customer.api.get(f"/api/v1/tasks/{task}/events", headers=headers)
    seen = [line[4:] for line in response.text.splitlines() if line.startswith("id: ")]
    assert seen == [str(event["seq"]) for event in events[2:]]
