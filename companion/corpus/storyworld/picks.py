"""The choices of people, things and places.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Callable
from itertools import product

from companion.corpus.storyworld import entities as e
from companion.corpus.storyworld.choices import Alternative, Choice


def _pick(
    name: str,
    columns: dict,
    *,
    reads: tuple[str, ...] = (),
    when: Callable | None = None,
    also: Callable | None = None,
    weight: Callable | None = None,
) -> Choice:
    """A choice of entities: every allowed combination of `columns`.

    `also` gives the flags that follow from a combination (None: no such
    combination); `when` and `reads` say in which states it is open.
    """
    alternatives = []
    for values in product(*columns.values()):
        sets = dict(zip(columns, values, strict=True))
        if also is not None:
            extra = also(sets)
            if extra is None:
                continue
            sets |= extra
        alternatives.append(
            Alternative(
                template=name,
                label=" ".join(values),
                weight=1.0 if weight is None else weight(sets),
                sets=sets,
                when=None if when is None else _bind(when, sets),
            )
        )
    return Choice(name=name, alternatives=tuple(alternatives), reads=reads)


def _bind(when, sets):
    return lambda state: when(state, sets)


def _thing(sets):
    have = e.OBJECTS[sets["object"]]
    return {flag: flag in have for flag in ("flies", "floats", "breaks")}


def _pet(sets):
    gender, grabs = e.PETS[sets["pet"]]
    if e.PET_NAMES[sets["petname"]] != gender:
        return None
    return {"has_pet": True, "grabs": grabs}


def _friend(sets):
    same = e.RELATIONS[sets["relation"]] == e.PEOPLE[sets["friend"]]
    return {} if same else None


PICKS = (
    _pick("day", {"weather": e.WEATHER, "day": e.DAYS}),
    _pick("hero", {"hero": e.PEOPLE}),
    _pick("giver", {"giver": e.GIVERS}),
    _pick(
        "thing",
        {"look": e.LOOKS, "colour": e.COLOURS, "object": e.OBJECTS},
        also=_thing,
    ),
    _pick("pet", {"pet": e.PETS, "petname": e.PET_NAMES}, also=_pet),
    _pick(
        "friend",
        {"relation": e.RELATIONS, "friend": e.PEOPLE},
        reads=("hero",),
        when=lambda state, sets: state["hero"] != sets["friend"],
        also=_friend,
        weight=lambda sets: 2.0 if "friend" in sets["relation"] else 1.0,
    ),
    _pick(
        "place",
        {"place": e.PLACES},
        also=lambda sets: {"wide": sets["place"] in e.WIDE},
    ),
    _pick("game", {"game": e.GAMES}),
    _pick(
        "mood",
        {"mood": e.MOODS},
        reads=("trouble",),
        when=lambda state, sets: state["trouble"] in e.MOODS[sets["mood"]],
    ),
    _pick("animal", {"animal": e.ANIMALS, "doing": e.DOINGS}),
    _pick("food", {"food": e.FOODS}),
    _pick("stranger", {"stranger": e.STRANGERS}),
    _pick("shelter", {"shelter": e.SHELTERS}),
    _pick("tree", {"tree": e.TREES}),
    _pick(
        "spot",
        {"spot": e.SPOTS},
        reads=("place",),
        when=lambda state, sets: state["place"] not in e.SPOTS[sets["spot"]],
    ),
    _pick(
        "where",
        {"where": e.SPOTS},
        reads=("place", "spot"),
        when=lambda state, sets: (
            state["place"] not in e.SPOTS[sets["where"]]
            and state["spot"] != sets["where"]
        ),
    ),
)
