"""The product documents' requests, as their readers would send them."""

import re
from decimal import Decimal

import pytest
from flow_tools import picture, seedance, uuid_of, veo, wan


@pytest.mark.timeout(300)
async def test_the_three_bodies_cost_what_the_documents_say_and_give_what_was_asked(world) -> None:
    await world.simulate(render="real")
    customer = await world.customer("1000")
    portrait = picture((200, 30, 30), (768, 1024))
    bodies = [
        (wan(portrait, resolution="1080p", duration=5, audio=True), "0.0315", (1080, 1440, 5.0, True)),
        (seedance(), "0.0657", (1280, 720, 5.0, True)),
        (veo(), "0.675", (1280, 720, 8.0, True)),
    ]
    answers = [await customer.submit(body) for body, _, _ in bodies]
    for response, (_, cost, _) in zip(answers, bodies, strict=True):
        answer = response.json()
        assert (response.status_code, answer["status"]) == (202, "queued"), answer
        assert Decimal(re.search(r'"cost_estimate":\s*([0-9.]+)', response.text)[1]) == Decimal(cost)
        assert {"request_id", "task_id", "status", "cost_estimate"} <= set(answer)
        assert response.headers["location"].endswith(answer["task_id"])
    for response, (_, cost, (width, height, seconds, sound)) in zip(answers, bodies, strict=True):
        document = await customer.finished(response.json()["task_id"], 200)
        assert document["status"] == "succeeded", document
        assert Decimal(str(document["cost_actual"])) == Decimal(cost)
        video = await customer.video(document)
        stored = document["output"]["videos"][0]
        assert (stored["width"], stored["height"]) == (video.width, video.height)
        assert abs(video.width - width) <= 16
        assert abs(video.height - height) <= 16
        assert abs(video.seconds - seconds) < 0.15
        assert video.sound is sound
    balance = await customer.credits()
    assert (balance["available"], balance["held"]) == (1000 - 3.15 - 6.57 - 67.5, 0)
    await world.books_are_right()


@pytest.mark.timeout(300)
async def test_a_result_shows_what_it_was_asked_for(world) -> None:
    await world.simulate(render="real")
    customer = await world.customer("1000")
    red = await customer.make(wan(picture((220, 20, 20)), audio=False), 100)
    blue = await customer.make(wan(picture((20, 20, 220)), audio=False), 100)
    first, second = await customer.video(red), await customer.video(blue)
    assert first.mean_rgb[0] > 2 * first.mean_rgb[2]
    assert second.mean_rgb[2] > 2 * second.mean_rgb[0]
    assert (first.seconds, first.sound) == (2.0, False)
    tall = await customer.make(
        seedance(resolution="480p", size="9:16", duration=4, generate_audio=False), 100
    )
    wide = await customer.make(seedance("another prompt", size="21:9", resolution="480p", duration=15), 200)
    slim, broad = await customer.video(tall), await customer.video(wide)
    assert slim.height > slim.width
    assert (slim.seconds, slim.sound) == (4.0, False)
    assert broad.width / broad.height > 2.2
    assert (broad.seconds, broad.sound) == (15.0, True)
    assert slim.content != broad.content


SEEDANCE = {"480p": 612_000, "720p": 1_314_000}
WAN = {("720p", True): 420_000, ("720p", False): 210_000, ("1080p", True): 630_000, ("1080p", False): 315_000}
VEO = {"720p": 67_500_000, "1080p": 67_500_000, "4k": 101_250_000}


@pytest.mark.timeout(300)
async def test_every_priced_choice_is_charged_by_the_table_to_the_micro_credit(world) -> None:
    await world.simulate(delay_seconds=0)
    customer = await world.customer("100000")
    image = picture((1, 2, 3), (64, 64))
    wanted = {}
    for resolution, per_second in SEEDANCE.items():
        for duration in (4, 5, 15):
            body = seedance(resolution=resolution, duration=duration)
            wanted[(await customer.submit(body)).json()["task_id"]] = per_second * duration
    for (resolution, audio), per_second in WAN.items():
        for duration in (2, 15):
            body = wan(image, resolution=resolution, duration=duration, audio=audio)
            wanted[(await customer.submit(body)).json()["task_id"]] = per_second * duration
    for resolution, flat in VEO.items():
        wanted[(await customer.submit(veo(resolution=resolution))).json()["task_id"]] = flat
    for task, micro in wanted.items():
        document = await customer.finished(task, 120)
        assert document["status"] == "succeeded", document
        assert Decimal(str(document["cost_actual"])) == Decimal(micro) / 100_000_000
        moved = await world.rows(
            "ledger",
            "SELECT amount_micro FROM transfers WHERE task_id = $1 AND credit = 'revenue'",
            uuid_of(task),
        )
        assert [row["amount_micro"] for row in moved] == [micro]
    await world.books_are_right()
