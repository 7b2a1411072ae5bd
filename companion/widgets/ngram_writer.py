"""An n-gram model that writes in the browser, word by word.

The widget carries the documents themselves, as numbers: counting them takes
the browser a tenth of a second, and the tables of all five orders would be
larger than the text. Smoothing is interpolated Kneser-Ney, the same numbers
as `companion.ngrams.NGramModel` gives; `compose` is the writer in Python.

Chapter: book/1-language-models/2-smoothing.ipynb
"""

import string
from collections import Counter
from collections.abc import Iterable, Sequence

import traitlets

from companion.ngrams import NGramModel
from companion.widgets.base import (
    MAX_STATE,
    BookWidget,
    bundle,
    check_between,
    mulberry32,
    pick,
    synced,
)

MAX_ORDER = 5
DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits
DIGITS += "-_"  # base64url, safe in JSON and in HTML
TEMPERATURES = (0.2, 2.0)
MAX_DOCUMENTS = MAX_STATE - 50_000  # the rest for the front end and words


def compose(
    model: NGramModel,
    *,
    temperature: float = 1.0,
    seed: int = 0,
    prompt: Sequence[str] = (),
    max_words: int = 160,
    words: Sequence[str],
) -> list[str]:
    """Write as the widget writes, with the same seed the same text.

    Args:
        model: of any order.
        temperature: T; words are drawn with p^(1/T), made to sum to 1.
        seed: of mulberry32, one number a word.
        prompt: the beginning, kept.
        max_words: the most words to write after it.
        words: the widget's vocabulary; the order in which chance meets them.

    Returns:
        The prompt and the words written, "</s>" last where it ended.
    """
    random = mulberry32(seed)
    symbols = [*words, "</s>"]  # an unknown word cannot be written
    ids = model.vocabulary.symbol_ids(symbols)
    text = list(prompt)
    while len(text) < len(prompt) + max_words:
        powers = model.distribution(text)[ids] ** (1 / temperature)
        text.append(symbols[pick(powers / powers.sum(), random())])
        if text[-1] == "</s>":
            break
    return text


def pack(ids: Iterable[int]) -> str:
    """Write ids below 4096 as two digits to base 64 each.

    A list of numbers would be three times as long, and a notebook file
    would give each number a line of its own.
    """
    return "".join(DIGITS[i // 64] + DIGITS[i % 64] for i in ids)


def number(
    documents: Iterable[Sequence[str]], held_out: Iterable[Sequence[str]]
) -> tuple[list[str], list[list[int]], list[list[int]]]:
    """Number the words, the most frequent first.

    Args:
        documents: each a sequence of words; the vocabulary comes from these.
        held_out: others; a word not among the V of the vocabulary is V + 1.

    Returns:
        The vocabulary, and both lists of documents as ids.
    """
    documents = [list(document) for document in documents]
    frequency = Counter(word for document in documents for word in document)
    words = sorted(frequency, key=lambda word: (-frequency[word], word))
    ids = {word: i for i, word in enumerate(words)}
    unknown = len(words) + 1  # V is the end of a document
    return (
        words,
        [[ids[word] for word in document] for document in documents],
        [[ids.get(word, unknown) for word in other] for other in held_out],
    )


class NGramWriter(BookWidget):
    """Sliders for order and temperature; text, its surprise, what it copies.

    A word takes two bytes: 200 stories of the story world and 40 held out
    are 75 kB, and the front end adds 36 kB; `state_bytes()` counts it.

    Args:
        documents: what it reads, each a sequence of words.
        held_out: others like them, for the perplexity; may be empty.
        order: 1 to 5 at first; the reader changes it.
        temperature: 0.2 to 2 at first.
        prompt: the beginning of the text.
        seed: of the first text.
        discount: D of Kneser-Ney.
        separator: between words; "" for a language without spaces.

    Raises:
        ValueError: no word to read, a document that is one string, a number
            out of range, more than 4093 different words, or documents that
            together with the front end would take more than 150 kB.
    """

    _esm = bundle("ngram_writer")

    vocabulary = synced(traitlets.List(traitlets.Unicode()))
    documents = synced(traitlets.List(traitlets.Unicode()))
    held_out = synced(traitlets.List(traitlets.Unicode()))
    order = synced(traitlets.Int())
    temperature = synced(traitlets.Float())
    prompt = synced(traitlets.Unicode())
    seed = synced(traitlets.Int())
    discount = synced(traitlets.Float())
    separator = synced(traitlets.Unicode())

    def __init__(
        self,
        documents: Iterable[Sequence[str]],
        held_out: Iterable[Sequence[str]] = (),
        *,
        order: int = 3,
        temperature: float = 1.0,
        prompt: str = "",
        seed: int = 0,
        discount: float = 0.75,
        separator: str = " ",
    ) -> None:
        check_between("order", order, 1, MAX_ORDER)
        check_between("temperature", temperature, *TEMPERATURES)
        check_between("discount", discount, 0, 1)
        words, read, unseen = number(
            check_documents(documents), check_documents(held_out)
        )
        check_read(words, read, unseen)
        super().__init__(
            vocabulary=words,
            documents=[pack(document) for document in read],
            held_out=[pack(document) for document in unseen],
            order=order,
            temperature=temperature,
            prompt=prompt,
            seed=seed,
            discount=discount,
            separator=separator,
        )

    def summary(self) -> str:
        """Say how much it has read."""
        n = sum(len(document) // 2 for document in self.documents)
        return f"{len(self.documents)} texts of {n} words"


def check_documents(
    documents: Iterable[Sequence[str]],
) -> list[Sequence[str]]:
    """Return the documents as a list.

    Raises:
        ValueError: one of them is a string.
    """
    documents = list(documents)
    for document in documents:
        if isinstance(document, str):
            raise ValueError(
                "a document must be a sequence of words, got the string "
                f"{document[:40]!r}"
            )
    return documents


def check_read(
    words: list[str], read: list[list[int]], unseen: list[list[int]]
) -> None:
    """Refuse what has no words, and what is too much for a page.

    Raises:
        ValueError: either.
    """
    if not words:
        raise ValueError(
            f"there must be a word to read, got {len(read)} documents"
        )
    if len(words) + 3 > 64**2:
        raise ValueError(
            f"there must be at most {64**2 - 3} different words, "
            f"got {len(words)}"
        )
    size = 2 * sum(len(document) for document in [*read, *unseen])
    if size > MAX_DOCUMENTS:
        raise ValueError(
            f"the documents must fit in {MAX_DOCUMENTS} bytes, two a word, "
            f"got {size}; give fewer than {len(read)}"
        )
