"""Entropy, cross-entropy, divergence, perplexity and bits per byte.

Logarithms are natural, so results are in nats, unless a base is named.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from collections.abc import Iterable

import numpy as np

SUM_TOLERANCE = 1e-6  # room for float32 probabilities


def entropy(p: np.ndarray, base: float = math.e) -> float:
    """Compute H(p) = - sum of p log p, with 0 log 0 = 0.

    Source: Shannon 1948.

    Args:
        p: (K,) probabilities.
        base: of the logarithm: e for nats, 2 for bits.

    Raises:
        ValueError: p is not a distribution, or base is not above 1.
    """
    return cross_entropy(p, p, base)


def cross_entropy(p: np.ndarray, q: np.ndarray, base: float = math.e) -> float:
    """Compute H(p, q) = - sum of p log q: the mean surprise at p under q.

    Args:
        p: (K,) probabilities, how things are.
        q: (K,) probabilities, how they are believed to be.
        base: of the logarithm: e for nats, 2 for bits.

    Returns:
        At least H(p); infinite where q has 0 and p has not.

    Raises:
        ValueError: p or q is not a distribution, they differ in length, or
            base is not above 1.
    """
    p, q = _distribution(p, "p"), _distribution(q, "q")
    if p.shape != q.shape:
        raise ValueError(
            f"p and q must have one length, got {len(p)} and {len(q)}"
        )
    if not 1 < base < math.inf:
        raise ValueError(f"base must be above 1, got {base}")
    happens = p > 0
    with np.errstate(divide="ignore"):  # log 0: an infinite surprise
        surprise = -np.log(q[happens])
    return float(p[happens] @ surprise) / math.log(base) + 0.0


def kl_divergence(p: np.ndarray, q: np.ndarray, base: float = math.e) -> float:
    """Compute KL(p || q) = H(p, q) - H(p), never negative.

    Source: Kullback and Leibler 1951. Arguments and errors are those of
    `cross_entropy`.
    """
    return max(0.0, cross_entropy(p, q, base) - entropy(p, base))


def perplexity(nats_per_token: float) -> float:
    """Compute exp(loss): how many equal choices would be as surprising.

    Raises:
        ValueError: the loss is negative or not a number.
    """
    if not nats_per_token >= 0:
        raise ValueError(
            f"a loss must be at least 0 nats, got {nats_per_token}"
        )
    try:
        return math.exp(nats_per_token)
    except OverflowError:
        return math.inf


def nats_per_token(log_probs: Iterable[np.ndarray]) -> float:
    """Compute total loss / total predictions over documents.

    Each prediction weighs the same, however long its document: the mean of
    the documents' means would be another number.

    Args:
        log_probs: for each document its log-probabilities, in nats.

    Raises:
        ValueError: there is no prediction, or a log-probability is above 0.
    """
    parts = [np.asarray(part, dtype=float).ravel() for part in log_probs]
    every = np.concatenate([np.zeros(0), *parts])
    if not every.size:
        raise ValueError("a mean loss needs at least one prediction, got none")
    if not every.max() <= SUM_TOLERANCE:
        raise ValueError(
            f"log-probabilities must be at most 0, got {every.max()}"
        )
    return max(0.0, float(-every.mean()))


def nats_to_bits(nats: float) -> float:
    """Convert: one bit is ln 2 nats."""
    return nats / math.log(2)


def bits_per_byte(total_nats: float, n_bytes: int) -> float:
    """Compute a loss that does not depend on how text is cut into tokens.

    Args:
        total_nats: the summed loss over a text.
        n_bytes: the length of that text in UTF-8.

    Raises:
        ValueError: a text without bytes, or a negative loss.
    """
    if n_bytes < 1:
        raise ValueError(f"n_bytes must be at least 1, got {n_bytes}")
    if not total_nats >= 0:
        raise ValueError(f"a loss must be at least 0 nats, got {total_nats}")
    return nats_to_bits(total_nats) / n_bytes


def _distribution(values: np.ndarray, name: str) -> np.ndarray:
    """Check that values are one distribution (K,)."""
    p = np.asarray(values, dtype=float)
    if p.ndim != 1 or not p.size:
        raise ValueError(
            f"{name} must be a row of probabilities, got shape {p.shape}"
        )
    if not (p >= 0).all():
        raise ValueError(
            f"{name} must have no negative probability, got {p.min()}"
        )
    if abs(p.sum() - 1) > SUM_TOLERANCE:
        raise ValueError(f"{name} must sum to 1, got {p.sum()}")
    return p
