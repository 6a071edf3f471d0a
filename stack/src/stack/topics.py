"""Make every topic of the contracts' table; the broker makes none by itself."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from contracts.topics import PARTITIONS, RETENTION_SECONDS, TOPICS
from stack.errors import StackError


async def create_topics(bootstrap: str) -> None:
    """Create the topics that are missing, with equal partition counts; existing ones are left as they are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [_topic(topic.name) for topic in TOPICS.values() if topic.name not in there]
        if missing:
            _check(await admin.create_topics(missing, timeout_ms=30_000))
    finally:
        await admin.close()


def _topic(name: str) -> NewTopic:
    retention = {"retention.ms": str(RETENTION_SECONDS * 1000)}
    return NewTopic(name=name, num_partitions=PARTITIONS, replication_factor=1, topic_configs=retention)


def _check(answer: object) -> None:
    for topic, code, *message in getattr(answer, "topic_errors", ()):
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise StackError(
                f"topic {topic} could not be made: {error.__name__} {' '.join(map(str, message))}"
            )
