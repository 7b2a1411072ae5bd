"""Estimate what a count is worth, from how many things have that count.

Chapter: book/1-language-models/2-smoothing.ipynb
"""

import numpy as np

CONFIDENCE = 1.96  # standard deviations: Gale and Sampson's 5 percent


def good_turing_counts(r: np.ndarray, n_r: np.ndarray) -> np.ndarray:
    """Compute the simple Good-Turing counts r*.

    Good (1953): what was seen r times is worth r* = (r + 1) N(r+1) / N(r).
    For small r the raw N(r) are used; from the first r where they no longer
    differ from a straight line fitted to log N(r) against log r by more than
    their own noise, the line is used instead. Last, all r* are scaled to
    leave the share N(1) / N for what was never seen.

    Source: Gale and Sampson 1995, "Good-Turing frequency estimation without
    tears", Journal of Quantitative Linguistics 2, 217-237.

    Args:
        r: (m,) the different counts, rising, the first at least 1.
        n_r: (m,) how many things have each count.

    Returns:
        (m,) r* for each r; sum(n_r * r*) is N - N(1), N = sum(n_r * r).
    """
    r, n_r = np.asarray(r, float), np.asarray(n_r, float)
    smooth = (r + 1) * ((r + 1) / r) ** _slope(r, n_r)
    following = np.append(n_r[1:], 0)  # N(r + 1), as far as there is no gap
    raw = (r + 1) * following / n_r
    star = np.where(np.arange(len(r)) < _switch(r, n_r, smooth), raw, smooth)
    total = n_r @ r
    once = n_r[0] if r[0] == 1 else 0.0
    return star * (total - once) / (n_r @ star)


def _slope(r: np.ndarray, n_r: np.ndarray) -> float:
    """Fit log Z(r) = a + b log r, where Z spreads N(r) over the gaps."""
    before = np.append(0.0, r[:-1])
    after = np.append(r[1:], 2 * r[-1] - before[-1])
    log_z = np.log(2 * n_r / (after - before))
    x = np.log(r) - np.log(r).mean()
    return float(x @ log_z / (x @ x)) if len(r) > 1 else 0.0


def _switch(r: np.ndarray, n_r: np.ndarray, smooth: np.ndarray) -> int:
    """Find the first place where the line is as good as the raw counts."""
    for i in range(len(r) - 1):
        if r[i + 1] != r[i] + 1:
            return i
        ratio = n_r[i + 1] / n_r[i]
        raw = (r[i] + 1) * ratio
        noise = (r[i] + 1) * np.sqrt(ratio * (1 + ratio) / n_r[i])
        if abs(raw - smooth[i]) <= CONFIDENCE * noise:
            return i
    return len(r) - 1
