"""Every door through which real text comes in, and out again.

Chapter: book/1-language-models/1-counting.ipynb
"""

from companion.corpus.reading import SEPARATOR, read_documents
from companion.corpus.splitting import part_of, split_documents
from companion.corpus.tinystories import tinystories
from companion.corpus.writing import write_documents, write_rows

__all__ = [
    "SEPARATOR",
    "part_of",
    "read_documents",
    "split_documents",
    "tinystories",
    "write_documents",
    "write_rows",
]
