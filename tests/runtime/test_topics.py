import asyncio
import sys

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from contracts.topics import PARTITIONS, TOPICS
from runtime.bus.topics import create_topics

pytestmark = pytest.mark.stack


async def test_every_topic_of_the_table_is_made_with_its_partitions_and_a_week_of_retention(
    kafka: str,
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    described = await admin.describe_topics(list(TOPICS))
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "task.requested")])
    await admin.close()
    assert {topic["topic"]: len(topic["partitions"]) for topic in described} == dict.fromkeys(
        TOPICS, PARTITIONS
    )
    settings = {
        entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]
    }
    assert settings["retention.ms"] == str(7 * 24 * 3600 * 1000)


async def test_making_topics_again_and_side_by_side_changes_nothing(kafka: str) -> None:
    await asyncio.gather(create_topics(kafka), create_topics(kafka))
    assert await create_topics(kafka) == 0


async def test_the_job_says_what_it_did(kafka: str) -> None:
    job = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "runtime.bus.topics", "--bootstrap", kafka), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await job.communicate()
    assert (job.returncode, out.decode()) == (0, f"0 topics made, {len(TOPICS)} were there\n")
