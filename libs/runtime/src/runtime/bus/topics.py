"""Make every topic of the contracts' table; the broker makes none by itself.

`python -m runtime.bus.topics --bootstrap HOST:PORT` is a deployment's job, before its services start.
"""

import asyncio
from typing import Annotated

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from contracts.topics import PARTITIONS, RETENTION_SECONDS, TOPICS


class TopicsError(Exception):
    """The broker refused to make a topic."""


async def create_topics(bootstrap: str, *, replication: int = 1) -> int:
    """Create the topics that are missing, with equal partition counts; existing ones are left as they are.

    Returns how many were missing. Raises TopicsError, or aiokafka's KafkaError if there is no broker.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [_topic(topic.name, replication) for topic in TOPICS.values() if topic.name not in there]
        if missing:
            _check(await admin.create_topics(missing, timeout_ms=30_000))
    finally:
        await admin.close()
    return len(missing)


def _topic(name: str, replication: int) -> NewTopic:
    return NewTopic(
        name=name,
        num_partitions=PARTITIONS,
        replication_factor=replication,
        topic_configs={
            "retention.ms": str(RETENTION_SECONDS * 1000),
            "min.insync.replicas": str(max(replication - 1, 1)),
        },
    )


def _check(answer: object) -> None:
    for topic, code, *message in getattr(answer, "topic_errors", ()):
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            words = " ".join(map(str, message))
            raise TopicsError(f"topic {topic} could not be made: {error.__name__} {words}")


def main(
    bootstrap: Annotated[str, typer.Option(help="A broker's host:port; several with commas.")],
    replication: Annotated[int, typer.Option(min=1, help="On how many brokers each record is kept.")] = 1,
) -> None:
    """Make the topics that are missing."""
    try:
        made = asyncio.run(create_topics(bootstrap, replication=replication))
    except (TopicsError, KafkaError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{made} topics made, {len(TOPICS) - made} were there")


if __name__ == "__main__":
    typer.run(main)
