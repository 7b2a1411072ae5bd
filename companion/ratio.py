"""The error of a mean over words, when words come in documents.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math

import numpy as np


def ratio_se(totals: np.ndarray, counts: np.ndarray) -> float:
    """Estimate the standard error of sum(totals) / sum(counts).

    The words of one document are not independent, so the spread is taken
    over documents. Source: Cochran 1977, Sampling Techniques, section 2.11.

    Args:
        totals: (documents,)
        counts: (documents,)

    Returns:
        NaN for fewer than two documents, or an infinite total.
    """
    n = len(totals)
    if n < 2 or not counts.sum() or not np.isfinite(totals).all():
        return math.nan
    residuals = totals - counts * (totals.sum() / counts.sum())
    return float(np.sqrt(n / (n - 1) * (residuals**2).sum()) / counts.sum())
