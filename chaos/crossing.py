"""X1-X9: what must hold across the services once it is quiet."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from uuid import UUID

from contracts.ids import task_from_text, task_text
from contracts.topics import read_by

from chaos import jobs
from chaos.api import micro
from chaos.books import Books
from chaos.evidence import Evidence, Row, by_task
from chaos.history import History
from chaos.report import Finding
from chaos.schedule import SERVICES

FINAL = ("succeeded", "failed", "cancelled")


class Crossing:
    """Holds what was read and says what contradicts each invariant."""

    def __init__(self, history: History, books: Books, found: Evidence, poisoned: int) -> None:
        self.history, self.books, self.found, self.poisoned = history, books, found, poisoned
        self.money = {str(t["task_id"]): t for t in books.tasks}
        self.tasks = {t["id"]: t for t in found.tasks}

    def findings(self, quiet_seconds: float | None, stuck: str, exits: Mapping[str, int]) -> list[Finding]:
        """All nine. `quiet_seconds`: how long it took after the last fault; None: it never became quiet."""
        return [
            self.acknowledged(),
            self.distinct(),
            self.paid(),
            jobs.finding(self.found),
            self.stored(),
            self.said_and_heard(),
            self.live(quiet_seconds, stuck, exits),
            self.shown(),
            self.explained(),
        ]

    def acknowledged(self) -> Finding:
        """X1."""
        mine = {str(task_from_text(a.task_id)): a for a in self.history.accepted if a.task_id}
        wrong = [f"{task} was acknowledged and is lost" for task in mine.keys() - self.tasks.keys()]
        refused = {(a.account, a.key) for a in self.history.asked if a.outcome == "refused" and a.ambiguous}
        for task in self.tasks.values():
            name, key = task["id"], (task["account_id"], task["idempotency_key"])
            if name not in mine and key not in refused:
                wrong.append(f"{name} was never acknowledged to anybody (key {key[1]})")
            if task["status"] not in FINAL:
                wrong.append(f"{name} is {task['status']}: {_facts(task)}")
            elif self.found.ends.get(name) != 1:
                wrong.append(f"{name} has {self.found.ends.get(name, 0)} final events")
            document = self.found.documents.get(task_text(UUID(name)))
            if document is None or document["status"] != task["status"]:
                wrong.append(f"{name} is {task['status']}, the API says {document and document['status']}")
        unknown = [
            f"{a.key}: its client never learned what became of it"
            for a in self.history.asked
            if a.outcome == "unknown"
        ]
        says = "each acknowledged submit has one final task; none lost, none invented"
        return Finding(
            "X1",
            says,
            f"{len(mine)} acknowledged, {len(self.tasks)} tasks",
            wrong + unknown + self.history.odd,
        )

    def distinct(self) -> Finding:
        """X2."""
        made = Counter((t["account_id"], t["idempotency_key"]) for t in self.found.tasks)
        wrong = [f"{many} tasks of the key {key}" for key, many in made.items() if many != 1]
        kept = {(k["account_id"], k["key"]): k["task_ids"] for k in self.found.keys}
        wrong += [f"key {key} has no record" for key in made.keys() - kept.keys()]
        return Finding(
            "X2", "tasks = distinct idempotency keys", f"{len(self.tasks)} tasks, {len(made)} keys", wrong
        )

    def paid(self) -> Finding:
        """X3."""
        wrong, outcomes = [], Counter[str]()
        for task in self.found.tasks:
            row = self.money.get(task["id"])
            outcome = row["outcome"] if row else None
            outcomes[str(outcome)] += 1
            problem = self._unpaid(task, row) if row else "the ledger never heard of it"
            if problem:
                wrong.append(f"{task['id']} is {task['status']}, {outcome}: {problem}")
        strangers = self.money.keys() - self.tasks.keys()
        wrong += [f"the ledger has {each}, which the gateway never made" for each in strangers]
        over = [
            t for t in self.books.tasks if t["outcome"] == "refused" and t["reason"] == "insufficient_credits"
        ]
        wrong += [f"{t['task_id']} was admitted without the credits for it" for t in over]
        figure = ", ".join(f"{many} {name}" for name, many in sorted(outcomes.items()))
        says = "succeeded ⇔ settled once at min(actual, held), else all is back; admission never over-accepts"
        return Finding("X3", says, figure, wrong)

    def _unpaid(self, task: Row, row: Row) -> str | None:
        """What is wrong with a task's money, if anything."""
        if task["status"] in FINAL and row["closed_at"] is None:
            return "a final task has an open hold" if row["frozen_at"] else "the ledger hasn't closed it"
        if (task["status"] == "succeeded") != (row["outcome"] == "settled"):
            return "success and settlement don't agree"
        if row["outcome"] == "settled":
            actual = row["quote_micro"] if row["actual_micro"] is None else row["actual_micro"]
            if row["charged_micro"] != min(actual, row["held_micro"]):
                return f"charged {row['charged_micro']} for {actual} of {row['held_micro']}"
            if row["storage_outcome"] != "stored":
                return "settled and not stored"
        if (task["charged_micro"] or 0) != (row["charged_micro"] or 0) or task["quote_micro"] != row[
            "quote_micro"
        ]:
            told = (task["charged_micro"], task["quote_micro"])
            return f"the gateway says {told}, the ledger {row['charged_micro']} of {row['quote_micro']}"
        return None

    def stored(self) -> Finding:
        """X5."""
        copies, wrong = by_task(self.found.copies), []
        done = [t for t in self.found.tasks if t["status"] == "succeeded"]
        wrong += [f"{t['id']} succeeded and nothing is stored" for t in done if not copies.get(t["id"])]
        for copy in self.found.copies:
            there = self.found.objects.get(copy["object_key"])
            if there is None:
                wrong.append(f"{copy['object_key']} has a row and is not there")
            elif there != (copy["size_bytes"], copy["sha256"]):
                wrong.append(
                    f"{copy['object_key']} is not what its row says: {there[0]} of {copy['size_bytes']} bytes"
                )
        named = {copy["object_key"] for copy in self.found.copies}
        left = [key for key in self.found.objects if key not in named]
        wrong += [f"{key} has no row after the sweep" for key in left]
        says = "succeeded ⇒ rows, objects, equal checksums; no object without a row after the sweep"
        return Finding(
            "X5", says, f"{len(done)} successes, {len(named)} files, {len(self.found.objects)} objects", wrong
        )

    def said_and_heard(self) -> Finding:
        """X6."""
        found, wrong, said = self.found, [], 0
        for service in SERVICES:
            if found.beyond[service]:
                wrong.append(f"{service}: {found.beyond[service]} events are written and not sent")
            written: dict[str, set[str]] = defaultdict(set)
            for row in found.outbox[service]:
                written[row["topic"]].add(row["event_id"])
            for name, ids in written.items():
                said += len(ids)
                lost = ids - found.topics.events[name].keys()
                wrong += [f"{name}: {each} was written and never said" for each in sorted(lost)[:20]]
            wrong += self._unheard(service)
            letters = found.letters[service]
            wrong += [
                f"{service}: open dead letter {x['topic']} {x['subject']}: {x['reason']}"
                for x in letters
                if not x["replayed"]
            ]
        letters_all = sum(len(each) for each in found.letters.values())
        if letters_all > self.poisoned:
            wrong.append(f"{letters_all} dead letters, {self.poisoned} records were poisoned")
        twice = sum(many - 1 for ids in found.topics.events.values() for many in ids.values())
        figure = f"{said} events, {twice} said twice, {letters_all} dead letters of {self.poisoned} poisoned"
        return Finding(
            "X6",
            "outboxes empty; every event said, every reader at the end; only poison is a dead letter",
            figure,
            wrong,
        )

    def _unheard(self, service: str) -> list[str]:
        wrong = []
        for topic in read_by(service):
            for (name, partition), end in self.found.topics.ends.items():
                handled = self.found.offsets[service].get((self.found.topics.ids[name], partition), 0)
                if name == topic.name and handled != end:
                    wrong.append(f"{service} has handled {name}/{partition} up to {handled} of {end}")
        return wrong

    def live(self, quiet_seconds: float | None, stuck: str, exits: Mapping[str, int]) -> Finding:
        """X7."""
        wrong = [] if quiet_seconds is not None else [f"never quiet: {stuck}"]
        back = ", ".join(f"{name} {many}" for name, many in exits.items()) or "none"
        figure = f"quiet after {quiet_seconds:.0f} s" if quiet_seconds is not None else "never quiet"
        return Finding(
            "X7",
            "everything ends within its bound after the last fault, by itself",
            f"{figure}; brought back: {back}",
            wrong,
        )

    def shown(self) -> Finding:
        """X8."""
        totals: dict[str, set[int]] = defaultdict(lambda: {0})
        for each in self.books.transfers:
            if each["asset"] == self._asset(str(each["account_id"])):
                totals[str(each["account_id"])].add(each["available_micro"] + each["held_micro"])
        wrong = [
            f"{seen.account} was shown {seen.total_micro}, a total that it never had"
            for seen in self.history.credits
            if seen.total_micro not in totals[seen.account]
        ]
        books = {
            (b["account_id"], b["asset"]): (b["available_micro"], b["held_micro"])
            for b in self.books.balances
        }
        for account, told in self.found.credits.items():
            has = books.get((account, self._asset(account)), (0, 0))
            if (micro(told["available"]), micro(told["held"])) != has:
                wrong.append(f"{account} is shown {told['available']} + {told['held']}, the ledger has {has}")
        wrong += [
            f"{b['account_id']}: {b['pending_micro']} pending, {b['live_tasks']} live"
            for b in self.found.shown
            if b["pending_micro"] or b["live_tasks"]
        ]
        figure = f"{len(self.found.credits)} accounts, {len(self.history.credits)} looks while it ran"
        return Finding("X8", "the API's balance is the ledger's, and never was off by a hold", figure, wrong)

    def _asset(self, account: str) -> str:
        return "test" if account in self.history.test_accounts else "credit"

    def explained(self) -> Finding:
        """X9."""
        wrong, moves = [], 0
        entries = Counter(str(t["account_id"]) for t in self.books.transfers)
        for account, listed in self.found.movements.items():
            moves += len(listed)
            if len(listed) != entries[account]:
                wrong.append(f"{account} is shown {len(listed)} movements of {entries[account]}")
            wrong += [f"{account}: a {m['kind']} without a cause" for m in listed if not _explained(m)]
        for task in self.found.tasks:
            document = self.found.documents.get(task_text(UUID(task["id"]))) or {}
            if task["status"] in ("failed", "cancelled") and not task["closed_reason"]:
                wrong.append(f"{task['id']} was given back without a reason")
            if task["status"] == "failed" and not (document.get("error") or {}).get("code"):
                wrong.append(f"{task['id']} failed and its document doesn't say why")
        return Finding("X9", "each charge has its task, each release its reason", f"{moves} movements", wrong)


def _explained(movement: Mapping[str, object]) -> bool:
    return bool(movement.get("task_id") or movement.get("grant_id") or movement.get("reason"))


def _facts(task: Row) -> str:
    names = ("completed_outcome", "stored_outcome", "closed_outcome")
    return ", ".join(f"{name} {task[name]}" for name in names)
