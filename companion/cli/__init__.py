"""The command `companion`.

Chapter: book/1-language-models/1-counting.ipynb
"""

from companion.cli.main import app

__all__ = ["app"]
