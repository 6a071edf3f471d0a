import os

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from stack import databases
from stack.errors import StackError
from stack.external import External
from stack.paths import STATE, Home
from stack.processes import records
from stack.readiness import is_ready
from stack.s3 import ensure_bucket
from stack.servers import Servers, ServerSet, start_servers

pytestmark = pytest.mark.stack
ROOT = STATE / os.environ.get("FRAMEBUS_TEST_HOME", "") / "test"


def _dsn(servers: Servers, role: str, database: str) -> str:
    own = databases.dsn(servers.postgres_admin_dsn, role, databases.passwords(Home(ROOT))[role])
    return own.rpartition("/")[0] + f"/{database}"


@pytest.mark.parametrize("service", databases.SERVICES)
async def test_each_service_can_make_tables_in_its_own_database(servers: Servers, service: str) -> None:
    connection = await asyncpg.connect(_dsn(servers, service, service))
    await connection.execute("CREATE TABLE probe_of_rights (n int); DROP TABLE probe_of_rights")
    await connection.close()


@pytest.mark.parametrize(
    "database", ["gateway", "dispatcher", "callbacks", "storage", "postgres", "template1"]
)
async def test_the_ledgers_role_can_connect_to_no_other_database(servers: Servers, database: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(_dsn(servers, "ledger", database))


async def test_a_wrong_password_is_refused(servers: Servers) -> None:
    dsn = databases.dsn(servers.postgres_admin_dsn, "ledger", "a guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(dsn)


async def test_a_commit_is_durable_by_configuration(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.postgres_admin_dsn)
    settings = [await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    version = connection.get_server_version().major
    await connection.close()
    assert (settings, version) == (["on", "on"], 18)


async def test_the_broker_is_real_and_lists_itself(servers: Servers) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka_bootstrap)
    await admin.start()
    cluster = await admin.describe_cluster()
    await admin.close()
    assert [f"{node['host']}:{node['port']}" for node in cluster["brokers"]] == [servers.kafka_bootstrap]


async def test_the_bucket_is_there_and_may_be_asked_for_again(servers: Servers) -> None:
    await ensure_bucket(servers.s3_endpoint, servers.s3_access_key, servers.s3_secret_key, servers.s3_bucket)


async def test_a_wrong_s3_secret_is_refused(servers: Servers) -> None:
    with pytest.raises(Exception, match=r"403|Forbidden|SignatureDoesNotMatch"):
        await ensure_bucket(servers.s3_endpoint, servers.s3_access_key, "a guess", servers.s3_bucket)


async def test_a_second_start_finds_the_running_servers(servers: Servers) -> None:
    before = {name: record.pid for name, record in records(Home(ROOT)).items()}
    assert start_servers(ROOT) == servers
    assert {name: record.pid for name, record in records(Home(ROOT)).items()} == before


async def test_every_server_answers_its_readiness_url(servers: Servers) -> None:
    assert servers.s3_bucket == "framebus"
    for record in records(Home(ROOT)).values():
        assert await is_ready(record.spec.ready), record.spec.name


def test_servers_that_exist_already_take_the_place_of_our_own(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    external = External(
        kafka_bootstrap="kafka.internal:9092",
        s3_endpoint="http://s3.internal",
        s3_access_key="a",
        s3_secret_key="b",
        postgres_dsn="postgresql://admin:pw@db.internal/postgres",
    )
    chosen = ServerSet(Home(tmp_path_factory.mktemp("home")), external=external)
    assert chosen.own() == []
    assert chosen.addresses() == Servers(
        "kafka.internal:9092", "http://s3.internal", "a", "b", "framebus", external.postgres_dsn
    )


def test_an_unknown_server_is_named_in_the_complaint(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(StackError, match="redis"):
        start_servers(tmp_path_factory.mktemp("home"), ["redis"])
