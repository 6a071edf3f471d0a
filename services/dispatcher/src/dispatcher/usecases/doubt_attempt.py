"""A task from before the loss of the database, and nobody knows whether it was submitted under this number.

What is written down is an attempt that may have been made. It is resolved as one whose answer was lost: by a
webhook that names it, by the provider's list, and after `uncertain_after` it is unknown.
"""

from dispatcher.domain import naming
from dispatcher.domain.job import RESTORED, RESTORED_ANYWHERE, Change, Job
from dispatcher.domain.verdicts import SHORTLY
from dispatcher.usecases.choose_place import possible_places
from dispatcher.usecases.desk import Desk


async def doubt_attempt(desk: Desk, job: Job, n: int) -> Change:
    """Where it would have gone first. Of several places, being absent from one proves nothing."""
    places = possible_places(desk, job)
    if isinstance(places, Change):
        return places
    target, error_class = places[0], RESTORED if len(places) == 1 else RESTORED_ANYWHERE
    place = (target.provider.name, target.route.protocol, target.route.model, target.credential.id)
    await desk.store.doubt(job.task_id, n, place, naming.correlation(job.task_id, n), error_class)
    return Change(SHORTLY)
