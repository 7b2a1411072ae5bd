"""Decode tokens as they come, never half a character.

Chapter: book/3-tokenization/3-fast-and-exact.ipynb
"""

import codecs

from companion.tokenization.base import BytesTokenizer


class StreamDecoder:
    """Turn tokens into text one by one.

    A character of several bytes may come in several tokens; its bytes wait
    until the last one is there. All that `push` gave and what `end` gives
    is the text that `decode` makes of all tokens at once.

    Args:
        tokenizer: whose tokens they are (BPE or unigram).
    """

    def __init__(self, tokenizer: BytesTokenizer) -> None:
        self._token_bytes = tokenizer.token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token_id: int) -> str:
        """Take a token; give the characters it completes, or "".

        Raises:
            ValueError: an id that the tokenizer does not have.
        """
        return self._decoder.decode(self._token_bytes(token_id))

    def end(self) -> str:
        """Give what is left: U+FFFD for a character never completed."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest
