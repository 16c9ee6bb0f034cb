"""What the tests of whole commands stand on."""

from tests.cli.conftest import klokker

__all__ = ["klokker"]
