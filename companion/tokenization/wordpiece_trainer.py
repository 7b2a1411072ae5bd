"""Learn the pieces of WordPiece: merges of the most frequent pair.

The score of a pair is its count, as in the library `tokenizers`. Google's own
trainer was never published; what is told of it is that the pair with the
highest count(ab) / (count(a) count(b)) came first, which prefers rare pairs.
The count has a referee and is easily kept up to date; the ratio changes for
many pairs with each merge. So the pieces differ from those of BPE only in
that "a" and "##a" are two.

Chapter: book/3-tokenization/4-other-ways-to-cut.ipynb
"""

from collections import Counter
from collections.abc import Iterable

from companion.tokenization.bpe_trainer import learn_merges
from companion.tokenization.entries import RESERVED
from companion.tokenization.protocol import check_vocab_size

PREFIX = "##"  # marks a piece that goes on with a word


def learn_pieces(
    words: Counter[str],
    vocab_size: int,
    min_count: int = 1,
    limit_alphabet: int = 1000,
) -> tuple[str, ...]:
    """Join the most frequent pair of pieces again and again, as in BPE.

    Of pairs of equal count the one with the lowest ids comes first; the
    library breaks ties between new "##" characters by chance.

    Args:
        words: how often each word occurs.
        vocab_size: the two reserved ids, the characters and the merges.
        min_count: stop when no pair is as frequent as this.
        limit_alphabet: leave out words with characters other than so many
            most frequent ones.

    Returns:
        The pieces with ids 2, 3 ...: the characters, the characters with
        "##", then one piece for each merge.

    Raises:
        ValueError: vocab_size has no room for the characters.
    """
    words = _within_alphabet(words, limit_alphabet)
    pieces = [*RESERVED, *_single_pieces(words)]
    check_vocab_size(vocab_size, len(pieces))
    ids = {piece: i for i, piece in enumerate(pieces)}
    spelt = {
        tuple(ids[piece] for piece in _spell(word)): n
        for word, n in words.items()
    }
    for a, b in learn_merges(spelt, vocab_size, len(pieces), min_count):
        pieces.append(pieces[a] + pieces[b].removeprefix(PREFIX))
    # Should two merges spell the same piece, it keeps its first place.
    return tuple(dict.fromkeys(pieces))[len(RESERVED) :]


def _within_alphabet(words: Counter[str], limit: int) -> Counter[str]:
    """Keep the words made of the most frequent characters alone."""
    counts: Counter[str] = Counter()
    for word, n in words.items():
        for character in word:
            counts[character] += n
    order = sorted(
        counts, key=lambda character: (-counts[character], character)
    )
    kept = set(order[:limit])
    return Counter({w: n for w, n in words.items() if kept.issuperset(w)})


def _spell(word: str) -> list[str]:
    """Write a word as single characters: "cat" is "c ##a ##t"."""
    return [word[0], *(PREFIX + character for character in word[1:])]


def _single_pieces(words: Iterable[str]) -> list[str]:
    """Every character on its own, then those that go on with a word."""
    characters, inside = set(), set()
    for word in words:
        characters.update(word)
        inside.update(word[1:])
    return sorted(characters) + [PREFIX + c for c in sorted(inside)]
