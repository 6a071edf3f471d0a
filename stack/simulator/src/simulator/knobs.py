"""What can be turned while the simulator runs, per provider: waits, faults, webhooks."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from simulator.alteration import Alteration, alterations
from simulator.facts import PROVIDERS
from simulator.settings import Settings

WEBHOOK_MODES = ("on", "off", "double", "delay", "forged")


@dataclass(slots=True)
class StatusFault:
    """The next `times` requests are answered with this HTTP status, nothing is accepted."""

    status: int = 500
    times: int = 0


@dataclass(slots=True)
class Knobs:
    """One provider's settings. Counters named `…_next` fall by one at each use."""

    delay_seconds: float = 2.0
    accept_delay_seconds: float = 0.0
    submit_delay_seconds: float = 0.0
    fail_next: int = 0
    drop_request_next: int = 0
    drop_answer_next: int = 0
    status_code_next: StatusFault = field(default_factory=StatusFault)
    poll_status_code_next: StatusFault = field(default_factory=StatusFault)
    retry_after_seconds: float = 0.0
    out_of_quota_next: int = 0
    webhooks: str = "on"
    webhook_delay_seconds: float = 5.0
    record: bool = False
    alter: tuple[Alteration, ...] = ()

    def take(self, name: str) -> bool:
        """True while the counter `name` is above zero; each call uses one up."""
        left: int = getattr(self, name)
        if left <= 0:
            return False
        setattr(self, name, left - 1)
        return True

    def take_status(self, name: str) -> int | None:
        """The status to answer with in place of the truth, if one is set."""
        fault: StatusFault = getattr(self, name)
        if fault.times <= 0:
            return None
        fault.times -= 1
        return fault.status


class ControlPanel:
    """Every provider's knobs, and the ones that hold for all of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Back to what the process was started with."""
        delay = self._settings.delay_seconds
        self.providers = {name: Knobs(delay_seconds=delay) for name in PROVIDERS}
        self.render = self._settings.render
        self.strict_inputs = self._settings.strict_inputs
        self.query_qps = self._settings.query_qps
        self.gemini_https_uris = self._settings.gemini_https_uris

    def restore(self, provider: str) -> None:
        """One provider's settings back to what the process was started with."""
        self.providers[provider] = Knobs(delay_seconds=self._settings.delay_seconds)

    def as_dict(self) -> dict[str, Any]:
        """All settings as they stand."""
        shared = {name: getattr(self, name) for name in _SHARED}
        return {**shared, **{name: asdict(knobs) for name, knobs in self.providers.items()}}

    def change(self, wanted: dict[str, Any]) -> None:
        """Merge `wanted` in: `{provider: {knob: value}}`, or a knob by itself for all providers.

        Raises ValueError that names the first fault; then nothing has changed.
        """
        changes: list[tuple[object, str, Any]] = []
        for name, value in wanted.items():
            if name in _SHARED:
                changes.append((self, name, _SHARED[name](name, value)))
            elif name in self.providers:
                changes += _knob_changes(self.providers[name], value, name)
            else:
                for knobs in self.providers.values():
                    changes += _knob_changes(knobs, {name: value}, "")
        for target, name, value in changes:
            setattr(target, name, value)


def _knob_changes(knobs: Knobs, wanted: Any, where: str) -> list[tuple[object, str, Any]]:
    if not isinstance(wanted, dict):
        raise ValueError(f"{where}: an object of settings is expected")
    unknown = [name for name in wanted if name not in _KNOBS]
    if unknown:
        raise ValueError(f"unknown setting {unknown[0]!r}; there are {', '.join([*_SHARED, *_KNOBS])}")
    return [(knobs, name, _KNOBS[name](name, value)) for name, value in wanted.items()]


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86400:
        raise ValueError(f"{name} must be a number of seconds from 0 to 86400")
    return float(value)


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number, 0 or more")
    return value


def _bool(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def _status(name: str, value: Any) -> StatusFault:
    fault = value if isinstance(value, dict) else {"status": value}
    status, times = fault.get("status"), _count(name, fault.get("times", 1))
    if not isinstance(status, int) or not 400 <= status <= 599:
        raise ValueError(f"{name} must be a status from 400 to 599, or {{status, times}}")
    return StatusFault(status, times)


def _alterations(name: str, value: Any) -> tuple[Alteration, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list of alterations")
    return alterations(value)


def _choice(*allowed: str) -> Any:
    def check(name: str, value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}")
        return str(value)

    return check


_SHARED = {
    "render": _choice("real", "cached"),
    "strict_inputs": _bool,
    "query_qps": _count,
    "gemini_https_uris": _bool,
}
_BY_TYPE: dict[Any, Any] = {
    float: _seconds, int: _count, bool: _bool, StatusFault: _status, tuple[Alteration, ...]: _alterations,
}  # fmt: skip
_KNOBS = {f.name: _BY_TYPE.get(f.type, _choice(*WEBHOOK_MODES)) for f in fields(Knobs)}
