"""Why scenarios of jobs can't occur at OpenAI's APIs that answer with the result."""

NO_JOBS = "the answer to the submit is the result: there is no job"
AT_ONCE = {
    "failure": "a fault of the provider is a 5xx, and that leaves the outcome unknown",
    "cancel": NO_JOBS,
    "late_webhook": NO_JOBS,
    "unknown_id": NO_JOBS,
}
INLINE = {**AT_ONCE, "expired_link": "the answer holds the result itself: there is no link"}
