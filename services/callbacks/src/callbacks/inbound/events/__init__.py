"""The topics callbacks reads and how each becomes a fact."""

from collections.abc import Mapping
from types import MappingProxyType

from runtime.bus.record import Translator

from callbacks.inbound.events.account_notice import account_notice
from callbacks.inbound.events.task_deleted import task_deleted
from callbacks.inbound.events.task_finished import task_finished

TRANSLATORS: Mapping[str, Translator] = MappingProxyType(
    {"task.finished": task_finished, "task.deleted": task_deleted, "account.notice": account_notice}
)
