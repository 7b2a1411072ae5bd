"""The plot: every choice a story makes, with its odds, in no language.

A `Choice` is a question ("what goes wrong?") with weighted alternatives. An
`Alternative` may set registers (the memory of the story) and may be open only
in some states. Languages give the words; the odds stand here alone, so that
one stream of random numbers tells the same story in each language.

The manner is that of TinyStories (Eldan & Li 2023, arXiv:2305.07759); plot
and wording are our own.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from companion.corpus.storyworld import entities as e

State = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One answer to a choice.

    `template` names the sentence a language has for it; `sets` is what it
    writes into the registers; `when` says in which states it is open.
    """

    template: str
    weight: float = 1.0
    sets: Mapping[str, Any] = field(default_factory=dict)
    when: Callable[[State], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Include:
    """The alternatives of another choice, sharing this much weight."""

    choice: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A question with weighted answers; `reads` names what `when` reads."""

    name: str
    alternatives: tuple[Alternative | Include, ...]
    reads: tuple[str, ...] = ()


FLAGS = ("flies", "floats", "breaks", "grabs", "has_pet", "met", "rained")
FLAGS += ("ate", "asked", "looked", "cheered", "told", "happy")
PLAIN = ("trouble", "last_line")
INITIAL: dict[str, Any] = {
    **dict.fromkeys((*e.TYPES, *e.ROLES, *PLAIN)),
    **dict.fromkeys(FLAGS, False),
}

SEARCH = ("lost", "wind", "pet")


def _pick(name, columns, *, reads=(), when=None, also=None, weight=None):
    """A choice of entities: every allowed combination of `columns`."""
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
                weight=1.0 if weight is None else weight(sets),
                sets=sets,
                when=None if when is None else _bind(when, sets),
            )
        )
    return Choice(name=name, alternatives=tuple(alternatives), reads=reads)


def _bind(when, sets):
    return lambda state: when(state, sets)


def _event(name, *alternatives, reads=()):
    return Choice(name=name, alternatives=alternatives, reads=reads)


def _alt(template, weight=1.0, when=None, **sets):
    return Alternative(template=template, weight=weight, sets=sets, when=when)


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
    _pick("thing", {"colour": e.COLOURS, "object": e.OBJECTS}, also=_thing),
    _pick("pet", {"pet": e.PETS, "petname": e.PET_NAMES}, also=_pet),
    _pick(
        "friend",
        {"relation": e.RELATIONS, "friend": e.PEOPLE},
        reads=("hero",),
        when=lambda state, sets: state["hero"] != sets["friend"],
        also=_friend,
        weight=lambda sets: 2.0 if "friend" in sets["relation"] else 1.0,
    ),
    _pick("place", {"place": e.PLACES}),
    _pick("game", {"game": e.GAMES}),
    _pick(
        "mood",
        {"mood": e.MOODS},
        reads=("trouble",),
        when=lambda state, sets: state["trouble"] in e.MOODS[sets["mood"]],
    ),
    _pick("animal", {"animal": e.ANIMALS}),
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

OPENING = (
    _event("story", _alt("open.gift"), _alt("open.once"), _alt("open.about")),
    _event(
        "second",
        _alt("pet.has"),
        _alt("pet.follows"),
        Include(choice="go", weight=1.0),
    ),
    _event("go", _alt("go.together"), _alt("go.meet"), _alt("go.say")),
    _event(
        "play",
        _alt("play.toy"),
        _alt("play.game"),
        _alt("play.both"),
        Include(choice="trouble", weight=0.5),
    ),
)

TROUBLE = (
    _event(
        "trouble",
        _alt("trouble.lost", 0.7, trouble="lost"),
        _alt("trouble.gone", 0.7, trouble="lost"),
        _alt("trouble.wind", 2, lambda s: s["flies"], trouble="wind"),
        _alt("trouble.water", 2, lambda s: s["floats"], trouble="water"),
        _alt("trouble.pet", 3, lambda s: s["grabs"], trouble="pet"),
        _alt("trouble.broke", 1, lambda s: s["breaks"], trouble="broke"),
        _alt("trouble.quarrel", 0.6, trouble="quarrel"),
        _alt("trouble.mine", 0.6, trouble="quarrel"),
        reads=("flies", "floats", "grabs", "breaks"),
    ),
    _event("feel", _alt("feel.was"), _alt("feel.felt"), _alt("feel.sat")),
    _event(
        "talk",
        _alt("talk.worry", 1, lambda s: s["trouble"] != "quarrel"),
        _alt("talk.cry", 1, lambda s: s["trouble"] != "quarrel"),
        _alt("talk.search", 1.5, lambda s: s["trouble"] in SEARCH),
        Include(choice="middle", weight=1.0),
        reads=("trouble",),
    ),
)

MIDDLE = (
    _event(
        "middle",
        _alt("mid.animal", 1, lambda s: not s["met"], met=True),
        _alt("mid.rain", 0.7, lambda s: not s["rained"], rained=True),
        _alt("mid.eat", 0.8, lambda s: not s["ate"], ate=True),
        _alt(
            "mid.ask",
            1.2,
            lambda s: not s["asked"] and s["trouble"] in SEARCH,
            asked=True,
        ),
        _alt(
            "mid.look",
            1.2,
            lambda s: not s["looked"] and s["trouble"] in SEARCH,
            looked=True,
        ),
        _alt(
            "mid.pet",
            0.8,
            lambda s: (
                s["has_pet"] and not s["cheered"] and s["trouble"] != "pet"
            ),
            cheered=True,
        ),
        Include(choice="resolve", weight=2.0),
        reads=(
            "trouble",
            "met",
            "rained",
            "ate",
            "asked",
            "looked",
            "cheered",
            "has_pet",
        ),
    ),
)

HERO = {"finder": "hero", "happy": True}
FRIEND = {"finder": "friend", "happy": True}
PET = {"finder": "petname", "happy": True}
SAD = {"holder": "hero", "happy": False}

RESOLVE = (
    _event(
        "resolve",
        _alt("find.hero", 2, lambda s: s["trouble"] == "lost", **HERO),
        _alt("find.friend", 2, lambda s: s["trouble"] == "lost", **FRIEND),
        _alt(
            "find.pet",
            3,
            lambda s: s["trouble"] == "lost" and s["grabs"],
            **PET,
        ),
        _alt("pet.hero", 2, lambda s: s["trouble"] == "pet", **HERO),
        _alt("pet.friend", 2, lambda s: s["trouble"] == "pet", **FRIEND),
        _alt("pet.back", 2, lambda s: s["trouble"] == "pet", **PET),
        _alt("tree.hero", 2, lambda s: s["trouble"] == "wind", **HERO),
        _alt("tree.friend", 2, lambda s: s["trouble"] == "wind", **FRIEND),
        _alt("water.hero", 2, lambda s: s["trouble"] == "water", **HERO),
        _alt("water.friend", 2, lambda s: s["trouble"] == "water", **FRIEND),
        _alt("fix.hero", 2, lambda s: s["trouble"] == "broke", **HERO),
        _alt("fix.friend", 2, lambda s: s["trouble"] == "broke", **FRIEND),
        _alt("turns.hero", 2, lambda s: s["trouble"] == "quarrel", **HERO),
        _alt("turns.friend", 2, lambda s: s["trouble"] == "quarrel", **FRIEND),
        _alt("never.found", 1, lambda s: s["trouble"] in SEARCH),
        _alt("never.water", 1, lambda s: s["trouble"] == "water"),
        _alt("never.fixed", 1, lambda s: s["trouble"] == "broke"),
        _alt("never.friends", 1, lambda s: s["trouble"] == "quarrel", **SAD),
        reads=("trouble", "grabs"),
    ),
    _event(
        "keep",
        _alt("keep.hero", 1, holder="hero"),
        _alt("keep.hold", 1, holder="hero"),
        _alt("keep.friend", 1, holder="friend"),
        _alt("keep.home", 1, holder="friend"),
    ),
)

EVENING = (
    _event(
        "evening",
        _alt("eve.ask"),
        _alt("eve.told"),
        _alt("eve.animal", 2, lambda s: s["met"]),
        _alt("eve.food", 2, lambda s: s["ate"]),
        Include(choice="close", weight=1.0),
        reads=("met", "ate"),
    ),
    _event(
        "sadly",
        _alt("sad.hug"),
        _alt("sad.still"),
        _alt("sad.promise", 1, lambda s: s["trouble"] != "quarrel"),
        _alt("sad.sorry", 1, lambda s: s["trouble"] == "quarrel"),
        reads=("trouble",),
    ),
    _event(
        "close",
        _alt("close.bed"),
        _alt("close.sleep"),
        _alt("close.mood"),
    ),
    _event(
        "last",
        _alt("last.end", 2),
        _alt("last.day", 2),
        _alt("last.pet", 1.5, lambda s: s["has_pet"]),
        _alt("last.weather", 0.7),
        reads=("has_pet",),
    ),
    _event("sad_last", _alt("last.end", 2), _alt("sad.over")),
)

PROGRAM: dict[str, Choice] = {
    choice.name: choice
    for choice in (
        *PICKS,
        *OPENING,
        *TROUBLE,
        *MIDDLE,
        *RESOLVE,
        *EVENING,
    )
}
ROOT = "story"
