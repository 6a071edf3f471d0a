"""What the scenario table must know of one adapter; `subject_<protocol>.py` says it as `SUBJECT`."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from providers.job import Credential, Submission

if TYPE_CHECKING:
    from scenarios.stage import Stage

PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
GOOD = Credential("good", "good-key")
BAD = Credential("bad", "bad-key")


async def no_keys(stage: "Stage", receiver_url: str) -> Sequence[str]:
    """For webhooks that nobody signs and whose address travels in the submit."""
    del stage, receiver_url
    return ()


@dataclass(frozen=True)
class Subject:
    """One adapter in front of the simulator."""

    protocol: str
    """The adapter's name."""
    serves: str
    """For docs/providers.md: whose, and which models."""
    provider: str
    """The simulator's name for the provider: its dials, its log."""
    base: str
    """The base URL below the simulator."""
    submission: Submission
    """An ordinary job that succeeds."""
    invalid: Submission
    """A job whose input the provider refuses."""
    unknown_id: str = ""
    """A well-formed job id that was never given out; empty where there are no jobs."""
    impossible: Mapping[str, str] = field(default_factory=dict)
    """Scenario to the reason why it can't occur: a footnote in docs/providers.md."""
    prompt_field: str = "prompt"
    """The input field that carries the simulator's markers."""
    good: Credential = GOOD
    bad: Credential = BAD
    """In both, SIMULATOR stands for the simulator's address."""
    file: tuple[str, bytes] = ("image/png", PIXEL)
    """What `inputs_to_fetch` is given for every URL."""
    expired_link: Literal["dead", "fresh"] = "dead"
    """What a poll gives when a result's link has run out: the same, dead one, or a new one."""
    webhook_keys: Callable[["Stage", str], Awaitable[Sequence[str]]] = no_keys
    """Registers the receiver where addresses don't travel in the submit; the keys that prove signatures."""

    def saying(self, words: str, **changes: Any) -> Submission:
        """The ordinary job with other words in its prompt."""
        given = {**self.submission.input, self.prompt_field: words}
        return replace(self.submission, input=given, **changes)
