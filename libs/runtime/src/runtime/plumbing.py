"""What every process of a service stands on: its database, its outbox with the relay, and its bus."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from contracts.topics import read_by

from runtime import readings
from runtime.bus.batches import Apply
from runtime.bus.consumer import Bus
from runtime.bus.ends import TopicEnds
from runtime.bus.record import Translator
from runtime.db import Database
from runtime.health import Part
from runtime.measure import Measure, Reading
from runtime.outbox.recorder import Outbox
from runtime.outbox.relay import Relay
from runtime.recovery.part import Recovering
from runtime.settings import StreamSettings


@dataclass(frozen=True, slots=True)
class Plumbing:
    """The database, the outbox over it, and the relay that carries the outbox to Kafka."""

    service: str
    settings: StreamSettings
    db: Database
    relay: Relay
    outbox: Outbox
    group: str

    @property
    def parts(self) -> list[Part]:
        """What is started before anything else, in this order."""
        return [self.db, self._recovering(), self.relay]

    def bus(self, translators: Mapping[str, Translator], apply: Apply) -> Bus:
        """The consumer of these topics."""
        settings = self.settings
        return Bus(
            self.db,
            self.outbox,
            service=self.service,
            bootstrap=settings.kafka_bootstrap,
            translators=translators,
            apply=apply,
            group=self.group,
            instance=settings.instance_id,
            max_records=settings.consumer_max_records,
            session_seconds=settings.consumer_session_seconds,
            dead_letters_per_minute=settings.dead_letters_per_minute,
        )

    def measure(
        self,
        topics: Collection[str],
        *,
        kinds: Collection[str] = (),
        own: Sequence[Reading] = (),
    ) -> Measure:
        """What measures the service: topics as its group reads them, kinds of work, its own readings."""
        service = self.service
        ends = TopicEnds(self.settings.kafka_bootstrap, topics, client_id=f"{service}-measure")
        common = [
            readings.lag(ends, service, self.group),
            readings.outbox(service),
            readings.dead_letters(service, topics),
            readings.horizon(service),
            *([readings.work(service, kinds)] if kinds else []),
        ]
        every = self.settings.measure_seconds
        return Measure(self.db, [*common, *own], service=service, every_seconds=every, ends=ends)

    def _recovering(self) -> Recovering:
        return Recovering(
            self.db,
            service=self.service,
            bootstrap=self.settings.kafka_bootstrap,
            group=self.group,
            topics=[topic.name for topic in read_by(self.service)],
        )


def lay(service: str, settings: StreamSettings, *, group: str | None = None) -> Plumbing:
    """Construct the plumbing of a service; nothing is connected before its parts are started.

    `group` reads its topics: the service's name unless another is given.
    """
    db = Database(
        settings.database_dsn.get_secret_value(), name=service, pool_size=settings.database_pool_size
    )
    relay = Relay(
        db,
        service=service,
        bootstrap=settings.kafka_bootstrap,
        retention_days=settings.outbox_retention_days,
    )
    return Plumbing(service, settings, db, relay, Outbox(service, nudge=relay.nudge), group or service)
