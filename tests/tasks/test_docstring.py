"""Docstrings: what they say of a task, and of each parameter."""

from klokker.tasks.docstring import Docstring, read_docstring


def test_parameters_are_taken_out_of_the_description() -> None:
    def sweep() -> None:
        """Sweep all rooms.

        Twice a week, with: a broom.

        Args:
            days: How old
                the dust: at least.
            *rooms (int): Which ones.
            **options: More,
              in a narrower column

        Returns:
            counts: of rooms
        """

    assert read_docstring(sweep) == Docstring(
        "Sweep all rooms.\n\nTwice a week, with: a broom.\n\nReturns:\n    counts: of rooms",
        {"days": "How old the dust: at least.", "rooms": "Which ones.", "options": "More, in a narrower column"},
    )


def test_a_function_without_docstring_says_nothing() -> None:
    def sweep() -> None: ...

    assert read_docstring(sweep) == Docstring()
