"""The package: what importing it costs."""

import subprocess
import sys


def test_importing_klokker_brings_in_neither_django_nor_pydantic() -> None:
    code = "import klokker, sys; print(sorted({'django', 'pydantic', 'typer'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "[]"
