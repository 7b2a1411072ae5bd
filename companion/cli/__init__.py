"""The command `companion`."""

from companion.cli.main import app

__all__ = ["app"]
