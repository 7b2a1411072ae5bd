"""Learn the pieces of a unigram model: from many, drop the least missed.

Chapter: book/3-tokenization/4-other-ways-to-cut.ipynb
"""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby

import numpy as np

from companion.tokenization.lattice import Lattice

_LEAST = 0.5  # expected uses below this count as this much in the end
_TINY = 1e-300  # an expected count that underflowed


def learn_pieces(
    words: Mapping[str, int],
    n_pieces: int,
    *,
    character_coverage: float = 0.9995,
    max_piece_length: int = 16,
    seed_size: int = 100_000,
    shrink: float = 0.75,
    em_steps: int = 2,
) -> dict[str, float]:
    """Find pieces, and log-probabilities, under which words are likely.

    Begins with frequent substrings. In turns, EM fits their probabilities
    and the pieces whose loss would lower the likelihood least are left out,
    a quarter at a time, until `n_pieces` are left. Single characters stay.

    Source: Kudo 2018 (arXiv:1804.10959), section 3.2.

    Args:
        words: how often each word occurs; no piece goes beyond a word.
        n_pieces: how many pieces there will be, at most.
        character_coverage: the most frequent characters that make up this
            share of the words are pieces, if they fit in half the room.
        max_piece_length: in characters.
        seed_size: how many substrings to begin with, at most.
        shrink: the share of pieces that each turn keeps.
        em_steps: how often probabilities are fitted in each turn.

    Returns:
        The log-probability of each piece, in nats, the likeliest first.
    """
    alphabet = _alphabet(words, character_coverage, max(1, n_pieces // 2))
    words = _covered(words, set(alphabet))
    if not words:
        return {}
    seeds = _substrings(words, max_piece_length)
    seeds.sort(key=lambda seed: (-seed[1] * len(seed[0]), seed[0]))
    counted = [*alphabet.items(), *seeds[:seed_size]]
    pieces = [piece for piece, _ in counted]
    ids = {piece: i for i, piece in enumerate(pieces)}
    lattice = Lattice([*words], ids)
    spare = Pruner(pieces, len(alphabet))
    log_probs = _log_shares(np.array([n for _, n in counted], float))
    weights = np.array([*words.values()], float)
    while True:
        for _ in range(em_steps):
            _, log_probs, counts = em_step(lattice, log_probs, weights)
        if len(pieces) <= n_pieces:
            break
        size = max(n_pieces, int(shrink * len(pieces)))
        kept, new_ids = spare.keep(log_probs, counts, size)
        lattice.keep(new_ids)
        pieces = [pieces[i] for i in kept]
        log_probs = _log_shares(counts[kept])
    log_probs = _log_shares(np.maximum(counts, _LEAST))
    scored = zip(pieces, log_probs.tolist(), strict=True)
    return dict(sorted(scored, key=lambda item: (-item[1], item[0])))


def em_step(
    lattice: Lattice, log_probs: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Count the uses of pieces, then make the probabilities fit the counts.

    Args:
        lattice: of W words.
        log_probs: (n_pieces,) nats.
        weights: (W,) how often each word occurs.

    Returns:
        The log-likelihood, in nats, before the step (a step never lowers
        it); the new log-probabilities; and the expected counts they are
        made of.
    """
    log_likelihood, counts = lattice.expected_counts(log_probs, weights)
    return log_likelihood, _log_shares(counts), counts


class Pruner:
    """Knows how likely each piece is if it is cut into other pieces.

    Args:
        pieces: single characters first, which always stay.
        n_characters: how many of them.
    """

    def __init__(self, pieces: list[str], n_characters: int) -> None:
        self.n_characters = n_characters
        ids = {piece: i for i, piece in enumerate(pieces)}
        self.others = Lattice(pieces[n_characters:], ids, whole=False)
        self.rows = np.arange(len(pieces) - n_characters)  # still there

    def losses(self, log_probs: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """What each longer piece is worth: (n_pieces - n_characters,) nats.

        Its expected count times how much less likely all other ways to cut
        it are, together.
        """
        otherwise = self.others.log_totals(log_probs)[self.rows]
        n = self.n_characters
        return counts[n:] * (log_probs[n:] - otherwise)

    def keep(
        self, log_probs: np.ndarray, counts: np.ndarray, size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Keep the characters and the pieces with the greatest losses.

        Returns:
            The indices of the pieces kept, ascending; and the new number of
            each piece, -1 for those left out.
        """
        n = self.n_characters
        order = np.argsort(-self.losses(log_probs, counts), kind="stable")
        dearest = np.sort(order[: max(0, size - n)])
        kept = np.concatenate([np.arange(n), n + dearest])
        new_ids = np.full(len(counts), -1)
        new_ids[kept] = np.arange(len(kept))
        self.rows = self.rows[dearest]
        words = np.zeros(len(self.others.first), bool)
        words[self.rows] = True
        self.others.keep(new_ids, words)
        return kept, new_ids


def _log_shares(counts: np.ndarray) -> np.ndarray:
    counts = np.maximum(counts, _TINY)
    return np.log(counts) - np.log(counts.sum())


def _alphabet(
    words: Mapping[str, int], coverage: float, limit: int
) -> dict[str, int]:
    """Count the characters; keep the most frequent up to the coverage."""
    counts: Counter[str] = Counter()
    for word, n in words.items():
        for character in word:
            counts[character] += n
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    wanted, covered, kept = coverage * counts.total(), 0, {}
    for character, n in order[:limit]:
        if covered >= wanted:
            break
        kept[character] = n
        covered += n
    return kept


def _covered(words: Mapping[str, int], alphabet: set[str]) -> Counter[str]:
    """Cut the words where a character is not in the alphabet."""
    parts: Counter[str] = Counter()
    for word, n in words.items():
        if alphabet.issuperset(word):
            parts[word] += n
            continue
        for inside, run in groupby(word, alphabet.__contains__):
            if inside:
                parts["".join(run)] += n
    return parts


def _substrings(
    words: Mapping[str, int], max_length: int
) -> list[tuple[str, int]]:
    """Count the substrings, of two characters on, that occur twice.

    Length by length: a substring occurs twice only if the one without its
    last character does, so that rare ones are soon given up.
    """
    found: list[tuple[str, int]] = []
    # The places of each word where longer substrings may still begin.
    places = [(word, n, range(len(word) - 1)) for word, n in words.items()]
    for length in range(2, max_length + 1):
        counts: Counter[str] = Counter()
        for word, n, starts in places:
            for i in starts:
                counts[word[i : i + length]] += n
        found += [(part, n) for part, n in counts.items() if n > 1]
        places = [
            (word, n, longer)
            for word, n, starts in places
            if (
                longer := [
                    i
                    for i in starts
                    if i + length < len(word)
                    and counts[word[i : i + length]] > 1
                ]
            )
        ]
    return found
