"""Learn byte-pair merges from counted pieces, fast.

The definition is the plain trainer in `bpe_naive`; this one gives the same
merges. All distinct pieces stand end to end in a linked list, so that two
tokens are joined without moving the rest. Pairs are counted once; a join
then changes only the counts of the pairs beside it. And a heap has the best
pair on top, so that nobody looks through all of them.

Chapter: book/3-tokenization/3-fast-and-exact.ipynb
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush, heapreplace

_GAP = 0  # stands between pieces: the end of a text, which is in no text
_TAKEN = -1  # stands where a token was that its left neighbour took in


def learn_merges(
    pieces: Mapping[Sequence[int], int],
    vocab_size: int,
    first_id: int,
    min_count: int = 1,
) -> list[tuple[int, int]]:
    """Join the most frequent pair of tokens again and again.

    Of pairs of equal count the one with the lowest ids comes first. A pair
    counts at each of its places, also where they overlap (twice in "aaa"),
    as it does in the `tokenizers` library; joining goes from left to right.
    The time is about linear in the length of the distinct pieces.

    Source: Gage 1994; Sennrich, Haddow and Birch 2016 (arXiv:1508.07909).

    Args:
        pieces: how often each piece, a row of ids above 0, occurs; no merge
            goes beyond a piece.
        vocab_size: stop when all ids below this are given.
        first_id: the id of the first new token, above those in the pieces.
        min_count: stop when no pair is as frequent as this.

    Returns:
        The pairs of ids in the order of their joining.
    """
    text = _LinkedPieces(pieces, vocab_size)
    counts, square = text.counts, vocab_size * vocab_size
    # One number an entry, the lowest is the best: a high count comes before
    # a low one, and of equal counts the lower pair.
    heap = [pair - count * square for pair, count in counts.items()]
    heapify(heap)
    merges = []
    for new in range(first_id, vocab_size):
        pair = _best_pair(heap, counts, square)
        if pair is None or counts[pair] < min_count:
            break
        merges.append(divmod(pair, vocab_size))
        for formed in text.join(*merges[-1], new):
            heappush(heap, formed - counts[formed] * square)
    return merges


def _best_pair(
    heap: list[int], counts: Mapping[int, int], square: int
) -> int | None:
    """Take the best pair from the heap; an entry with an old count is mended.

    After its entry is made a pair's count only falls, so that no entry
    stands too far back.
    """
    while heap:
        pair = heap[0] % square
        count = counts.get(pair, 0)
        entry = pair - count * square
        if entry == heap[0]:
            heappop(heap)
            return pair
        if count > 0:
            heapreplace(heap, entry)
        else:
            heappop(heap)
    return None


class _LinkedPieces:
    """All distinct pieces end to end, with a gap before and after each.

    The pair of ids (a, b) has the number a * vocab_size + b. At place i
    stands the token `ids[i]`, in a piece that occurs `weights[i]` times,
    between the tokens at `before[i]` and `after[i]`. `counts` says how often
    each pair occurs, `places` where (or where it once did).
    """

    def __init__(
        self, pieces: Mapping[Sequence[int], int], vocab_size: int
    ) -> None:
        self.ids, self.weights = [_GAP], [0]
        for piece, count in pieces.items():
            self.ids += piece
            self.ids.append(_GAP)
            self.weights += [count] * len(piece)
            self.weights.append(0)
        self.before = list(range(-1, len(self.ids) - 1))
        self.after = list(range(1, len(self.ids) + 1))
        self.vocab_size = vocab_size
        self.counts: defaultdict[int, int] = defaultdict(int)
        self.places: defaultdict[int, list[int]] = defaultdict(list)
        for place, (a, b) in enumerate(zip(self.ids, self.ids[1:])):  # noqa: B905
            if a != _GAP and b != _GAP:
                self.counts[a * vocab_size + b] += self.weights[place]
                self.places[a * vocab_size + b].append(place)

    def join(self, a: int, b: int, new: int) -> set[int]:
        """Make every "a b" one token `new`.

        Returns:
            The pairs this forms; `counts` has their counts.
        """
        ids, before, after = self.ids, self.before, self.after
        counts, places, scale = self.counts, self.places, self.vocab_size
        formed = set()
        for place in places.pop(a * scale + b):
            second = after[place]
            if ids[place] != a or ids[second] != b:
                continue  # an earlier join has changed it
            left, right = before[place], after[second]
            x, y, weight = ids[left], ids[right], self.weights[place]
            ids[place], ids[second] = new, _TAKEN
            after[place], before[right] = right, place
            if x != _GAP:
                counts[x * scale + a] -= weight
                counts[x * scale + new] += weight
                places[x * scale + new].append(left)
                formed.add(x * scale + new)
            if y != _GAP:
                counts[b * scale + y] -= weight
                counts[new * scale + y] += weight
                places[new * scale + y].append(place)
                formed.add(new * scale + y)
        del counts[a * scale + b]
        return formed
