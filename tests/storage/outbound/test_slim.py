"""S3 clients that keep no table of other services' endpoints."""

from aiobotocore.session import AioSession
from runtime.objects.slim import only_s3


async def test_aws_itself_is_still_found_without_the_other_services() -> None:
    session = only_s3(AioSession())
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    async with session.create_client("s3", region_name="eu-central-1", **keys) as client:
        assert client.meta.endpoint_url == "https://s3.eu-central-1.amazonaws.com"
    endpoints = session.get_component("data_loader").load_data("endpoints")
    assert {name for each in endpoints["partitions"] for name in each["services"]} == {"s3"}
