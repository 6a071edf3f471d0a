"""What can be turned while the simulator runs, per provider: waits, faults, webhooks."""

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from simulator.alteration import Alteration, alterations
from simulator.facts import PROVIDERS
from simulator.faults import FAULTS, Shares
from simulator.settings import Settings

WEBHOOK_MODES = ("on", "off", "double", "delay", "forged")


@dataclass(slots=True)
class StatusFault:
    """The next `times` requests are answered with this HTTP status, nothing is accepted."""

    status: int = 500
    times: int = 0


@dataclass(slots=True)
class Dials:
    """One provider's settings that stay as they are put."""

    delay_seconds: float = 2.0
    accept_delay_seconds: float = 0.0
    submit_delay_seconds: float = 0.0
    status_code_next: StatusFault = field(default_factory=StatusFault)
    poll_status_code_next: StatusFault = field(default_factory=StatusFault)
    retry_after_seconds: float = 0.0
    webhooks: str = "on"
    webhook_delay_seconds: float = 5.0
    contradict_after_seconds: float = 1.0
    record: bool = False
    alter: tuple[Alteration, ...] = ()


class Knobs(Dials):
    """One provider's settings and the faults that are due."""

    def __init__(self, provider: str, shares: Shares, delay_seconds: float) -> None:
        super().__init__(delay_seconds=delay_seconds)
        self.provider = provider
        self.due: Counter[str] = Counter()
        """How many of the next occasions each fault takes; set as `<fault>_next`."""
        self.made: Counter[str] = Counter()
        """How often each fault was made."""
        self._shares = shares

    def take(self, fault: str) -> bool:
        """Whether to make this fault now: because some are due, or because the share says so."""
        if self.due[fault] > 0:
            self.due[fault] -= 1
        elif not self._shares.drawn(self.provider, fault):
            return False
        self.made[fault] += 1
        return True

    def take_status(self, name: str) -> int | None:
        """The status to answer with in place of the truth, if one is set."""
        fault: StatusFault = getattr(self, name)
        if fault.times <= 0:
            return None
        fault.times -= 1
        return fault.status

    def change(self, name: str, value: Any) -> None:
        """Set one of them, already checked."""
        if name in _COUNTERS:
            self.due[_COUNTERS[name]] = value
        else:
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Every setting by name."""
        dials = {name: getattr(self, name) for name in _DIALS}
        shown = asdict(Dials(**dials))
        return {**shown, **{name: self.due[fault] for name, fault in _COUNTERS.items()}}


class ControlPanel:
    """Every provider's knobs, and the ones that hold for all of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Back to what the process was started with."""
        self.shares = Shares()
        delay = self._settings.delay_seconds
        self.providers = {name: Knobs(name, self.shares, delay) for name in PROVIDERS}
        self.render = self._settings.render
        self.strict_inputs = self._settings.strict_inputs
        self.query_qps = self._settings.query_qps
        self.gemini_https_uris = self._settings.gemini_https_uris

    def restore(self, provider: str) -> None:
        """One provider's settings back to what the process was started with."""
        self.providers[provider] = Knobs(provider, self.shares, self._settings.delay_seconds)

    def as_dict(self) -> dict[str, Any]:
        """All settings as they stand."""
        shared = {name: getattr(self, name) for name in _SHARED}
        return {**shared, **{name: knobs.as_dict() for name, knobs in self.providers.items()}}

    def heal(self) -> None:
        """Order no more faults; what was ordered and not yet made is forgotten."""
        self.shares.order({})
        for knobs in self.providers.values():
            knobs.due.clear()

    def faults(self) -> dict[str, Any]:
        """The shares as they were ordered, and how often each fault was made, counters included."""
        made = {name: dict(knobs.made) for name, knobs in self.providers.items() if knobs.made}
        return {**self.shares.as_dict(), "made": made}

    def change(self, wanted: dict[str, Any]) -> None:
        """Merge `wanted` in: `{provider: {knob: value}}`, or a knob by itself for all providers.

        Raises ValueError that names the first fault; then nothing has changed.
        """
        changes: list[tuple[ControlPanel | Knobs, str, Any]] = []
        for name, value in wanted.items():
            if name in _SHARED:
                changes.append((self, name, _SHARED[name](name, value)))
            elif name in self.providers:
                changes += _knob_changes(self.providers[name], value, name)
            else:
                for knobs in self.providers.values():
                    changes += _knob_changes(knobs, {name: value}, "")
        for target, name, value in changes:
            if isinstance(target, Knobs):
                target.change(name, value)
            else:
                setattr(target, name, value)


def _knob_changes(knobs: Knobs, wanted: Any, where: str) -> list[tuple[ControlPanel | Knobs, str, Any]]:
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
    float: _seconds, bool: _bool, StatusFault: _status, tuple[Alteration, ...]: _alterations,
}  # fmt: skip
_DIALS = {f.name: _BY_TYPE.get(f.type, _choice(*WEBHOOK_MODES)) for f in fields(Dials)}
_COUNTERS = {f"{fault}_next": fault for fault in FAULTS}
_KNOBS = {**_DIALS, **dict.fromkeys(_COUNTERS, _count)}
