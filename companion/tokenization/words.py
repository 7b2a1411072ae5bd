"""Cut text into words and punctuation marks.

Chapter: book/1-language-models/1-counting.ipynb
"""

import regex

# `regex` rather than `re`: its \w includes combining marks, so that a
# decomposed "й" (two code points) stays inside its word.
WORD_PATTERN = r"\w+(?:['’-]\w+)*|[^\w\s]"
_WORD = regex.compile(WORD_PATTERN)


def split_words(text: str) -> list[str]:
    """Split text into words and punctuation marks; white space is dropped.

    A word is a run of letters, digits and underscores, with single
    apostrophes or hyphens inside it ("don't", "well-known"). Every other
    visible character is a word of its own, so "<unk>" is three words.

    Args:
        text: any string.

    Returns:
        The words in order; joined, they are the text without its spaces.
    """
    return _WORD.findall(text)
