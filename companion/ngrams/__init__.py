"""N-gram language models: one class, four smoothings."""

from companion.ngrams.counts import NGramCounts, unseen_share
from companion.ngrams.good_turing import good_turing_counts
from companion.ngrams.model import NGramModel
from companion.ngrams.smoothing import (
    AddK,
    GoodTuring,
    KneserNey,
    MaximumLikelihood,
    Smoothing,
    estimated_discount,
)

__all__ = [
    "AddK",
    "GoodTuring",
    "KneserNey",
    "MaximumLikelihood",
    "NGramCounts",
    "NGramModel",
    "Smoothing",
    "estimated_discount",
    "good_turing_counts",
    "unseen_share",
]
