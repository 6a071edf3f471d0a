"""Kafka and PostgreSQL in containers for the tests (`TEST_USE_DOCKER=1`), reached like the stack's own."""

import socket
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from stack.external import External
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # older versions don't have the module's new place
    from testcontainers.postgres import PostgresContainer

POSTGRES = "postgres:18"
KAFKA = "apache/kafka:4.1.1"
_BROKER = {
    "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENERS": "TESTS://:9092,CONTROLLER://:9093",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "TESTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "TESTS",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_NUM_PARTITIONS": "12",
    "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
    "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m",
}


@contextmanager
def docker_servers() -> Iterator[External]:
    """Start both, say where they are, and remove them. S3 stays the stack's own."""
    testcontainers_config.ryuk_disabled = True  # its image is one more to reach; the `with` removes them
    with ExitStack() as started:
        postgres = started.enter_context(_postgres())
        kafka, bootstrap = _kafka()
        started.enter_context(kafka)
        yield External(
            postgres_dsn=postgres.get_connection_url(driver=None),
            kafka_bootstrap=bootstrap,
        )


def _postgres() -> PostgresContainer:
    container = PostgresContainer(POSTGRES, username="postgres", password="postgres", dbname="postgres")
    return container.with_command("postgres -c max_connections=300 -c max_locks_per_transaction=128")


def _kafka() -> tuple[DockerContainer, str]:
    """The broker and its address: a port chosen before, since the broker itself has to name it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    container = DockerContainer(KAFKA).with_bind_ports(9092, port)
    for name, value in {**_BROKER, "KAFKA_ADVERTISED_LISTENERS": f"TESTS://127.0.0.1:{port}"}.items():
        container = container.with_env(name, value)
    return container.waiting_for(LogMessageWaitStrategy("Kafka Server started")), f"127.0.0.1:{port}"
