"""Sentences with gaps, read into tokens once.

A template is a sentence such as ``{hero} took the {object} to {?place}.``

- ``{hero}`` or ``{hero.acc}``: what a register holds, in a form (case);
- ``{hero:he/she}``: a word that agrees with its gender;
- ``{colour~object.acc}``: an adjective that agrees with a noun;
- ``{?place}`` or ``{?place.to}``: a choice, made here;
- ``{=holder}``: no word; what is just said makes a fact evident again;
- ``{END}``: the end of the story; ``^`` before a name: a capital letter.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import re
from dataclasses import dataclass, replace

TOKEN = re.compile(r"\{[^}]*\}|\w+(?:['’-]\w+)*|[^\w\s]")
FIELD = re.compile(r"(\?|=)?(\^)?([\w~]+)(?:\.(\w+))?(?::(.*))?$")
CLOSING = frozenset(".,!?;:…)”»")
OPENING = frozenset("“«(")
STRAIGHT = str.maketrans("“”", '""')


@dataclass(frozen=True)
class Word:
    """A literal word; `gives` names the facts it makes evident."""

    text: str
    glued: bool = False  # no space before it
    gives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recall:
    """Words that are looked up in the registers."""

    registers: tuple[str, ...]  # one, or adjective and noun
    form: str = ""  # "" is the plain form
    options: tuple[str, ...] = ()  # one per gender, for words that agree
    capital: bool = False
    glued: bool = False
    gives: tuple[str, ...] = ()  # facts evident beyond the ones looked up


@dataclass(frozen=True)
class Slot:
    """A choice made at this point of the sentence."""

    choice: str
    form: str = ""
    capital: bool = False
    glued: bool = False


@dataclass(frozen=True)
class Evident:
    """No words: the word before makes this fact evident."""

    fact: str


@dataclass(frozen=True)
class End:
    """The end of the story."""


Token = Word | Recall | Slot | End


def read_template(template: str, *, straight_quotes: bool) -> list[Token]:
    """The tokens of a template, each knowing whether a space precedes it.

    Args:
        template: the sentence with its gaps.
        straight_quotes: write “ and ” as the one mark " (English).

    Raises:
        ValueError: a gap is not one of the forms above.
    """
    tokens: list[Token] = []
    after_opening = False
    for piece in TOKEN.findall(template):
        glued = after_opening or piece in CLOSING
        if piece[0] == "{":
            token = _read_gap(piece, glued)
            if isinstance(token, Evident):
                last = tokens.pop()
                token = replace(last, gives=(*last.gives, token.fact))
            tokens.append(token)
        else:
            text = piece.translate(STRAIGHT) if straight_quotes else piece
            tokens.append(Word(text, glued))
        after_opening = piece in OPENING
    return tokens


def _read_gap(piece: str, glued: bool) -> Token | Evident:
    if piece == "{END}":
        return End()
    match = FIELD.match(piece[1:-1])
    if match is None:
        raise ValueError(f"a gap must name a register or a choice: {piece}")
    sign, capital, name, form, options = match.groups()
    if sign == "=":
        return Evident(name)
    if sign == "?":
        return Slot(name, form or "", bool(capital), glued)
    return Recall(
        registers=tuple(name.split("~")),
        form=form or "",
        options=tuple(options.split("/")) if options else (),
        capital=bool(capital),
        glued=glued,
    )
