"""The broker's ids of topics (KIP-516): a topic that was deleted and made again has another one.

Stored offsets are kept per topic id, so that a refilled broker is read from its beginning. aiokafka speaks
Metadata up to v5; the ids came with v10, whose wire format is given here from the Kafka protocol guide.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

_NO_ID = bytes(16)


class _Uuid(AbstractType[bytes]):
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class _MetadataResponseV10(Response):
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _MetadataRequestV10(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 10
    RESPONSE_TYPE = _MetadataResponseV10
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic_id", _Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields)),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicIdsRequest(Request[_MetadataRequestV10]):
    API_KEY = 3

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[_MetadataRequestV10]) -> _MetadataRequestV10:
        named: list[tuple[bytes, str, dict[int, bytes]]] = [(_NO_ID, name, {}) for name in self._names]
        return request_struct_class(named, False, False, False, {})


async def topic_ids(bootstrap: str, names: Iterable[str]) -> Mapping[str, str]:
    """The ids of existing topics by name, as text; a topic that isn't there is left out.

    Raises aiokafka's KafkaError when no broker answers.
    """
    return {name: topic_id for name, (topic_id, _) in (await described(bootstrap, names)).items()}


async def described(bootstrap: str, names: Iterable[str]) -> Mapping[str, tuple[str, Sequence[int]]]:
    """As `topic_ids`, with the numbers of the topics' partitions."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, client_id="framebus-topic-ids")
    try:
        await client.bootstrap()
        response = await client.send(client.get_random_node(), _TopicIdsRequest(list(names)))
    finally:
        await client.close()
    return {
        topic[1]: (str(UUID(bytes=topic[2])), sorted(partition[1] for partition in topic[4]))
        for topic in response.topics
        if topic[0] == 0
    }
