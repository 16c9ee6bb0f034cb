"""What JSON is, as a type: the values that arguments, results and stored definitions are made of."""

from typing import TypeAlias

Json: TypeAlias = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
