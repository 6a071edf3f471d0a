"""For each alert the series under which it fires, and some under which it doesn't, in promtool's notation.

A sample a minute: `0x40` stays, `0+1x40` grows by one each time.
"""

from dataclasses import dataclass

Series = dict[str, str]
ALWAYS = "x40"


@dataclass(frozen=True, slots=True)
class Case:
    """What an alert sees; it is looked at after `at`."""

    firing: Series
    quiet: Series
    at: str = "30m"


def stays(value: float) -> str:
    """The same for the whole time."""
    return f"{value}+0{ALWAYS}"


def grows(step: float) -> str:
    """A counter that goes up by so much every minute."""
    return f"0+{step}{ALWAYS}"


_READY = 'framebus_ready{job="ledger", instance="a", service="ledger"}'
_MEASURED = 'framebus_measured_timestamp_seconds{service="ledger"}'
_LAG = 'framebus_consumer_lag{service="ledger", topic="asset.stored", partition="1", instance="%s"}'
_READ = 'framebus_consumer_records_total{service="ledger"}'
_POOL = 'framebus_db_pool_connections{service="ledger", job="l", instance="a", state="busy"}'
_POOL_LIMIT = 'framebus_db_pool_limit{service="ledger", job="l", instance="a"}'
_ANSWERS = 'gateway_request_seconds_count{surface="v1", method="GET", status="%s"}'
_SUBMITS = 'gateway_request_seconds_bucket{surface="v1", method="POST", status="2xx", le="%s"}'
_ENDED = 'gateway_task_seconds_count{status="%s"}'
_ATTEMPTS = 'dispatcher_attempts_total{provider="ark", status="%s", problem="%s"}'
_TRIES = 'storage_tries_total{outcome="%s", fault="%s"}'
_DELIVERIES = 'callbacks_delivery_attempts_total{outcome="%s"}'
_LETTERS = 'framebus_dead_letters_open{service="ledger", topic="asset.stored", instance="%s"}'


def _gauge(series: str, firing: float, quiet: float) -> Case:
    return Case({series: stays(firing)}, {series: stays(quiet)})


def _share(bad: str, good: str) -> Case:
    """Fires while the bad ones are most, not while they are few."""
    return Case({bad: grows(9), good: grows(1)}, {bad: grows(1), good: grows(99)})


CASES = {
    "FramebusDown": Case({_READY: "1+0x10 stale"}, {_READY: stays(1)}),
    "FramebusNotReady": _gauge(_READY, 0, 1),
    "FramebusNotMeasured": Case({_MEASURED: stays(0)}, {_MEASURED: "0+60x40"}),
    "FramebusPoolExhausted": Case(
        {_POOL: stays(10), _POOL_LIMIT: stays(10)}, {_POOL: stays(9), _POOL_LIMIT: stays(10)}
    ),
    # Two replicas tell the same: 600 behind are no 1200.
    "FramebusConsumerLag": Case({_LAG % "a": stays(1100)}, {_LAG % "a": stays(600), _LAG % "b": stays(600)}),
    "FramebusConsumerStalled": Case(
        {_LAG % "a": stays(3), _READ: stays(70)}, {_LAG % "a": stays(3), _READ: grows(1)}
    ),
    "FramebusOutboxStuck": _gauge('framebus_outbox_delay_seconds{service="ledger"}', 90, 20),
    "FramebusLongTransaction": _gauge('framebus_db_horizon_age_seconds{service="ledger"}', 90, 20),
    "FramebusDeadLetters": Case(
        {_LETTERS % "a": stays(1), _LETTERS % "b": stays(1)}, {_LETTERS % "a": stays(0)}
    ),
    "FramebusWorkWaits": Case(
        {'framebus_work_oldest_due_seconds{service="storage", kind="copy"}': stays(90)},
        {
            'framebus_work_oldest_due_seconds{service="storage", kind="copy"}': stays(20),
            'framebus_work_oldest_due_seconds{service="dispatcher", kind="turn"}': stays(900),
        },
    ),
    "FramebusApiErrors": Case(
        {_ANSWERS % "5xx": grows(1), _ANSWERS % "2xx": grows(9)},
        {_ANSWERS % "5xx": grows(0.1), _ANSWERS % "2xx": grows(99)},
    ),
    "FramebusSubmitsSlow": Case(
        {_SUBMITS % "1": grows(1), _SUBMITS % "5": grows(10), _SUBMITS % "+Inf": grows(10)},
        {_SUBMITS % "1": grows(10), _SUBMITS % "5": grows(10), _SUBMITS % "+Inf": grows(10)},
    ),
    "FramebusLedgerSilent": _gauge("gateway_oldest_unanswered_seconds", 90, 5),
    "FramebusTasksOverdue": _gauge("gateway_tasks_overdue", 2, 0),
    "FramebusTasksFail": Case(
        {
            'gateway_tasks_not_succeeded_total{reason="provider_failed"}': grows(3),
            _ENDED % "failed": grows(3),
            _ENDED % "succeeded": grows(3),
        },
        {
            'gateway_tasks_not_succeeded_total{reason="content_refused"}': grows(3),
            'gateway_tasks_not_succeeded_total{reason="provider_failed"}': grows(0.1),
            _ENDED % "failed": grows(3),
            _ENDED % "succeeded": grows(3),
        },
    ),
    "FramebusProviderFails": _share(_ATTEMPTS % ("failed", "provider"), _ATTEMPTS % ("succeeded", "")),
    "FramebusCircuitOpen": _gauge(
        'dispatcher_circuits_open{provider="ark", credential="main", kind="submit"}', 1, 0
    ),
    "FramebusKeyRefused": _gauge('dispatcher_credentials_set_aside{provider="ark", credential="main"}', 1, 0),
    "FramebusOrphans": Case(
        {'dispatcher_orphans{state="confirmed"}': "2+0x20 3+0x20"},
        {
            'dispatcher_orphans{state="confirmed"}': stays(7),
            'dispatcher_orphans{state="suspected"}': stays(1),
        },
    ),
    "FramebusBooksWrong": _gauge("ledger_book_findings", 1, 0),
    "FramebusWrittenOff": Case(
        {'ledger_moved_credits_total{asset="credit", kind="writeoff"}': "0+0x20 5+0x20"},
        {
            'ledger_moved_credits_total{asset="credit", kind="writeoff"}': stays(5),
            'ledger_moved_credits_total{asset="test", kind="writeoff"}': grows(1),
        },
    ),
    "FramebusHoldsExpired": _gauge("ledger_holds_expired", 1, 0),
    "FramebusStorageFails": _share(_TRIES % ("again", "object_store_failed"), _TRIES % ("stored", "")),
    "FramebusWebhooksLate": Case(
        {'callbacks_oldest_pending_seconds{state="new"}': stays(90)},
        {
            'callbacks_oldest_pending_seconds{state="new"}': stays(5),
            'callbacks_oldest_pending_seconds{state="retrying"}': stays(9000),
        },
    ),
    "FramebusWebhooksFail": _share(_DELIVERIES % "again", _DELIVERIES % "arrived"),
}
