"""The vocabulary of answers: every provider's answer to every call is one of these values.

A submit's answer is about the job: `Accepted`, a definite refusal (nothing runs there), or `Unknown`
(a job may be running). A poll's answer is either about the **job** (`Progress` and the final `Succeeded`,
`Failed`, `Moderated`, `InvalidInput`, `Cancelled`, `Gone`) or about the **call** alone (`Throttled`,
`OutOfQuota`, `BadCredentials`, `Unknown`), after which the job is asked for again.
"""

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Literal

OutputKind = Literal["video", "image", "audio", "subtitle", "mesh", "text"]
InputFault = Literal["input_rejected", "input_unreachable"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the job under this id."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The job waits or runs; percent is 0-100, None where the protocol doesn't tell."""

    state: Literal["queued", "running"]
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """One result at the provider. `authenticated`: fetching it takes the provider's credentials.

    A protocol that answers with the bytes themselves gives them as `content`, and `url` is empty.
    """

    kind: OutputKind
    role: str | None
    url: str
    content_type: str | None = None
    authenticated: bool = False
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the provider says the job used; None until known. Seconds are exact."""

    output_seconds: Fraction | int | None = None
    input_seconds: Fraction | int | None = None
    tokens: int | None = None
    width: int | None = None
    height: int | None = None
    fps: int | None = None
    compute_seconds: Fraction | int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The known values, JSON-able: integers, and fractions as "numerator/denominator"."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: str(value) if isinstance(value, Fraction) else value for name, value in known.items()}


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The job is done; there is at least one output."""

    outputs: tuple[Output, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider's definite fault. `code` is the provider's own."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was cancelled and will not produce anything."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not accepted: too many requests or too much load. Seconds to wait, if the provider names them."""

    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class OutOfQuota:
    """Not accepted: the operator's account has no money, quota or subscription for it."""

    message: str


@dataclass(frozen=True, slots=True)
class Moderated:
    """The provider's content policy refused an input or the result. Final."""

    message: str


@dataclass(frozen=True, slots=True)
class InvalidInput:
    """The provider refused the input. Final. `code` is one of our task error codes."""

    message: str
    param: str | None = None
    code: InputFault = "input_rejected"


@dataclass(frozen=True, slots=True)
class BadCredentials:
    """The key is wrong, or may not use this model."""

    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer doesn't say what happened."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The provider doesn't know this job id (any more)."""

    message: str


@dataclass(frozen=True, slots=True)
class CancelAccepted:
    """The provider took the cancel; the next poll (Cancelled, or Gone) is the word on the job."""


@dataclass(frozen=True, slots=True)
class CancelRefused:
    """The job can't be cancelled in its present state; it goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """The lookup found the job that carries the correlation."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Every job since the given time was seen, and none carries the correlation."""


@dataclass(frozen=True, slots=True)
class NextPage:
    """Not on this page, and there may be more."""


@dataclass(frozen=True, slots=True)
class AskNext:
    """This answer alone doesn't tell: ask `Adapter.poll` for the named step of the same poll."""

    step: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The short-lived secret that takes the credential's place, and for how many seconds."""

    secret: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """The provider has what the submit will speak of."""


SubmitOutcome = (
    Accepted
    | Succeeded
    | Failed
    | Throttled
    | OutOfQuota
    | Moderated
    | InvalidInput
    | BadCredentials
    | Unknown
)
"""`Succeeded` at once is how a protocol without jobs answers: the result is in the answer."""
PrepareOutcome = Prepared | InvalidInput | Throttled | OutOfQuota | BadCredentials | Unknown
"""After anything but `Prepared` there is no submit, so even `Unknown` is safe to repeat."""
PollOutcome = (
    Progress
    | Succeeded
    | Failed
    | Moderated
    | InvalidInput
    | Cancelled
    | Gone
    | Throttled
    | OutOfQuota
    | BadCredentials
    | Unknown
)
PollAnswer = PollOutcome | AskNext
SignInOutcome = SignedIn | BadCredentials | Throttled | Unknown
CancelOutcome = CancelAccepted | CancelRefused | Gone | Throttled | OutOfQuota | BadCredentials | Unknown
LookupOutcome = Found | Absent | NextPage | Unknown
