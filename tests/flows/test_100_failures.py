"""What fails costs nothing, and the document says why."""

import pytest
from flow_tools import picture, seedance, until, veo, wan


@pytest.mark.parametrize("provider", ["ark", "dashscope", "gemini"])
@pytest.mark.parametrize(
    ("marker", "code"), [("[sim:fail]", "provider_failed"), ("[sim:moderated]", "content_refused")]
)
async def test_a_failed_task_gives_the_credits_back(world, provider, marker, code) -> None:
    customer = await world.customer("200")
    body = {
        "ark": seedance(f"a street {marker}"),
        "dashscope": wan(picture((9, 9, 9)), prompt=f"smile {marker}"),
        "gemini": veo(f"a car {marker}"),
    }[provider]
    document = await customer.make(body, 90)
    assert document["status"] == "failed", document
    assert document["error"]["code"] == code
    assert document["error"]["message"]
    assert document["cost_actual"] == 0

    async def back() -> bool:
        balance = await customer.credits()
        return (balance["available"], balance["held"]) == (200, 0)

    await until(back, "all credits back")
    await world.books_are_right()


async def test_fm20_lost_webhooks_only_cost_time(world) -> None:
    customer = await world.customer("100")
    await world.simulate(ark={"webhooks": "off"})
    assert (await customer.make(seedance("no webhook comes"), 100))["status"] == "succeeded"


async def test_a_forged_webhook_is_refused(world) -> None:
    url = world.facts["callbacks_url"] + "/api/v1/video/callback/ark"
    body = {"id": "cgt-1", "status": "succeeded"}
    for query in ("", "?token=x", "?account=a&task=b&attempt=1&token=zzz"):
        response = await world.simulator.post(url + query, json=body)
        assert response.status_code == 401, response.text
        assert response.json()["error"]["code"]
