"""The 38 ways in which a system of this kind fails, by number; each has tests named `test_fmNN_…`."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Mode(NamedTuple):
    """What goes wrong, and what answers it here."""

    failure: str
    remedy: str


MODES: Final[Mapping[int, Mode]] = {
    1: Mode(
        "a client sends a submit again because the answer was lost",
        "the idempotency record is written with the task; the key finds the task again",
    ),
    2: Mode(
        "a service commits and dies before it has said so",
        "the event is an outbox row of the same transaction; whoever comes next sends it",
    ),
    3: Mode(
        "the relay sends and dies before it has noted that",
        "it is sent again under the same id; readers know each task's facts by natural keys",
    ),
    4: Mode(
        "a relay that reads by id skips who commits late",
        "the relay reads by (transaction, id) and only below the oldest open transaction",
    ),
    5: Mode(
        "several relays mix up the order of one task's events",
        "one relay of a service is at work, by an advisory lock; the others stand by",
    ),
    6: Mode(
        "an offset is committed before the work is",
        "offsets are rows in the transaction of the work; Kafka's own are a hint for tools",
    ),
    7: Mode(
        "the work is committed, the offset is not",
        "the same transaction has both, so there is no such moment",
    ),
    8: Mode(
        "partitions move in the middle of a batch; a zombie wakes up",
        "offsets are stored by compare-and-set: the batch of the old owner rolls back",
    ),
    9: Mode(
        "a handler takes longer than the broker waits",
        "slow work is a row with a lease, never done in a reader; a late batch is fenced",
    ),
    10: Mode(
        "a record that can't be handled stops all behind it",
        "a dead letter: a row and a record; its neighbours go on; it is replayed by command",
    ),
    11: Mode(
        "events of several topics come out of order",
        "a row per task, a column per fact, the first one wins; a pure function says what follows",
    ),
    12: Mode(
        "the broker drops records before they were read",
        "the outbox keeps 7 days; `replay` says it all again, and what is known changes nothing",
    ),
    13: Mode(
        "the broker is down, restarts or hangs",
        "the outbox takes up what is said meanwhile; clients are made anew, with backoff",
    ),
    14: Mode(
        "one consumer is slow",
        "each service reads in its own group; the gateway refuses beyond its bound",
    ),
    15: Mode(
        "the outbox grows without bound",
        "it is only inserted into; whole days are dropped; an outbox that waits too long refuses submits",
    ),
    16: Mode(
        "the provider took a job and our record of it is lost",
        "the attempt's row says `submitting` before the call; then it is looked up, never sent again",
    ),
    17: Mode(
        "a submit that ran out of time is taken for a failure",
        "unknown is a state of its own: looked up until it is known or ends free of charge",
    ),
    18: Mode(
        "a webhook comes before the submit's answer is stored",
        "its address names the attempt, whose row was there before the call",
    ),
    19: Mode(
        "webhooks come twice, or again much later",
        "stored once by content; a webhook is a hint, the provider's answer is what counts",
    ),
    20: Mode(
        "a webhook is lost",
        "every job is polled as well; a webhook only makes it sooner",
    ),
    21: Mode(
        "a poll and a webhook finish a task at the same moment",
        "one writer of `provider.completed`, one row, and its first last word stands",
    ),
    22: Mode(
        "a provider contradicts itself",
        "the first definite word counts; what is no definite word is asked again",
    ),
    23: Mode(
        "a retry meets the provider's word on the attempt before",
        "everything said about a job is keyed by task and attempt",
    ),
    24: Mode(
        "a hold expires while its task succeeds",
        "both are one statement on one row on one clock; the loser finds it closed",
    ),
    25: Mode(
        "a sweeper is wrong, and the later verdict can't be booked",
        "only the ledger closes a hold; a later success is an orphan with its cost, and no new charge",
    ),
    26: Mode(
        "a timer is lost with its queue",
        "there are no timers: due times are columns, and a restart finds them",
    ),
    27: Mode(
        "settle and release at the same moment",
        "the task's row is locked; a unique key lets a hold be resolved once",
    ),
    28: Mode(
        "a refused hold is used through another id",
        "a hold is its task's row; a refusal is final and nothing leads out of it",
    ),
    29: Mode(
        "a repeated request after a top-up turns a refusal into a success",
        "the refusal is stored and is what a repeat is answered with",
    ),
    30: Mode(
        "deadlocks, serialization failures, one hot row",
        "balances are locked in one order; many facts of an account are one write; the rest is tried again",
    ),
    31: Mode(
        "nobody knows whether a commit happened",
        "the same batch or key again finds what was committed",
    ),
    32: Mode(
        "a restored database is behind the offsets",
        "its offsets were restored with it, so it reads on from there; `recover` reads back what it said",
    ),
    33: Mode(
        "the services' clocks differ",
        "each decision by the owning database's `now()`; margins between services are minutes",
    ),
    34: Mode(
        "a file is stored and the word of it is lost",
        "the copy is work with a lease; the word is an outbox row of the transaction that records it",
    ),
    35: Mode(
        "a file is announced and is not there, or broken",
        "the object is asked for after the upload, by size and checksum, before anything is said",
    ),
    36: Mode(
        "a provider's link ends before the copy",
        "the result is asked for again by the job's id; if it is gone, the task fails and costs nothing",
    ),
    37: Mode(
        "everybody tries again at the same moment after an outage",
        "backoff with jitter, a circuit by provider, one question for many jobs",
    ),
    38: Mode(
        "a handler's error is swallowed",
        "nothing that counts is done in a hook: it is a row first, and a failed batch is read again",
    ),
}
