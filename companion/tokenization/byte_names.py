"""A printable character for each byte, as GPT-2 writes tokens.

Chapter: book/3-tokenization/2-byte-pairs.ipynb
"""


def _printable_bytes() -> tuple[str, ...]:
    """Give each byte a character that can be seen, as GPT-2 does.

    The bytes that are printable in Latin-1 stand for themselves, the other
    68, in their order, for the characters from U+0100 on.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    names = {byte: chr(byte) for byte in printable}
    names |= {byte: chr(256 + n) for n, byte in enumerate(others)}
    return tuple(names[byte] for byte in range(256))


BYTE_NAMES = _printable_bytes()  # the space is "Ġ", the line end "Ċ"
# Ids 1 to 256 in the order of the names, as `tokenizers` numbers them.
BYTES = sorted(range(256), key=BYTE_NAMES.__getitem__)
BYTE_IDS = tuple(1 + BYTES.index(byte) for byte in range(256))
