"""The one error that the stack shows to a person: a sentence that says what to do."""


class StackError(Exception):
    """Something that the user can act on; the command line prints its text and exits with 1."""
