"""The likeliest way to cut one word into pieces.

Chapter: book/3-tokenization/4-other-ways-to-cut.ipynb
"""

import math
from collections.abc import Mapping


def likeliest_path(
    word: str, scores: Mapping[str, float], longest: int, missing: float
) -> list[str]:
    """Find the pieces of a word with the highest sum of scores.

    The best way to each place is the best way to an earlier one and a piece
    from there. Of equals, the one whose last piece is longer is taken.

    Source: Viterbi 1967.

    Args:
        word: any string.
        scores: the log-probability of each piece.
        longest: no piece has more characters.
        missing: the score of a character that is no piece.

    Returns:
        The pieces in order; joined, they are the word.
    """
    n = len(word)
    best, back = [0.0] + [-math.inf] * n, [0] * (n + 1)
    for start in range(n):
        so_far = best[start]
        for end in range(start + 1, min(n, start + longest) + 1):
            score = scores.get(word[start:end])
            if score is not None and so_far + score > best[end]:
                best[end], back[end] = so_far + score, start
        if word[start] not in scores and so_far + missing > best[start + 1]:
            best[start + 1], back[start + 1] = so_far + missing, start
    pieces, end = [], n
    while end:
        pieces.append(word[back[end] : end])
        end = back[end]
    return pieces[::-1]
