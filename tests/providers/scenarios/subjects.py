"""All subjects, by protocol: one for every file `subject_<protocol>.py` in this folder."""

from importlib import import_module
from pathlib import Path

from scenarios.subject import Subject


def _load() -> dict[str, Subject]:
    found = {}
    for path in sorted(Path(__file__).parent.glob("subject_*.py")):
        subject: Subject = import_module(f"scenarios.{path.stem}").SUBJECT
        assert path.stem == f"subject_{subject.protocol}", f"{path.name} speaks of {subject.protocol}"
        found[subject.protocol] = subject
    return found


SUBJECTS = _load()
