"""How a language words a fact: forms of words put into sentences.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import re
from dataclasses import dataclass

_GENDERS = "mfn"
_CHOICE = re.compile(r"<([^<>]*)>")  # <masculine|feminine|neuter>


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The sentences about one attribute, with the values it can have."""

    values: dict[str, str]  # key -> its forms, as "dog|a dog"
    forms: str = "v"  # their names, as "v|v_a"; v is the plain value
    statements: tuple[str, ...]  # the first one is also the full answer
    questions: tuple[str, ...]
    short: str = "{v}"  # the short answer, a part of the full one


@dataclass(frozen=True, kw_only=True)
class Language:
    """Names and wordings; keys are the same in every language."""

    person_forms: str
    people: dict[str, str]
    subject_forms: str
    subjects: dict[str, str]
    personal: dict[str, Wording]  # attribute -> wording, facts about people
    general: dict[str, Wording]  # facts about animals and things


def table(text: str) -> dict[str, str]:
    """Read "key=forms; key=forms"; where both are the same, "key"."""
    pairs = (entry.partition("=") for entry in text.split("; "))
    return {key: words or key for key, _, words in pairs}


def forms(names: str, words: str) -> dict[str, str]:
    """Pair the names of forms with the forms, both divided by bars."""
    return dict(zip(names.split("|"), words.split("|"), strict=True))


def agree(words: dict[str, str]) -> dict[str, str]:
    """Add v_agree, the value's form (v_m, v_f, v_n) of the gender."""
    gender = words.get("gender", "m")
    return {"v_agree": words.get(f"v_{gender}", ""), **words}


def say(template: str, words: dict[str, str]) -> str:
    """Put words into a template.

    `<a|b|c>` is chosen by words["gender"]: "m", "f" or "n".

    Returns:
        The sentence, its first letter a capital.
    """
    place = _GENDERS.find(words.get("gender", "m"))
    text = template.format_map(words)
    text = _CHOICE.sub(lambda match: match[1].split("|")[place], text)
    return text[0].upper() + text[1:]
