"""The plot: everything that can happen, with its odds, in no language.

An opening, an outing, a trouble and how it feels, scenes on the way, an end,
the evening. A template that ends in a gap such as ``{?keep}`` says what is
chosen next. The manner is that of TinyStories (Eldan & Li 2023,
arXiv:2305.07759); plot and wording are our own.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Callable

from companion.corpus.storyworld.choices import (
    Alternative,
    Choice,
    Include,
    State,
)
from companion.corpus.storyworld.picks import PICKS

ROOT = "story"
SEARCH = ("lost", "wind", "pet")


def _event(name: str, *alternatives, reads: tuple[str, ...] = ()) -> Choice:
    """A choice of what happens next."""
    return Choice(name=name, alternatives=alternatives, reads=reads)


def _alt(
    template: str,
    weight: float = 1.0,
    when: Callable[[State], bool] | None = None,
    **sets: str | bool,
) -> Alternative:
    return Alternative(
        template=template,
        label=template,
        weight=weight,
        sets=sets,
        when=when,
    )


OPENING = (
    _event("story", _alt("open.gift"), _alt("open.once"), _alt("open.about")),
    _event(
        "second",
        _alt("pet.has"),
        _alt("pet.follows"),
        Include(choice="go", weight=2.0),
    ),
    _event("go", _alt("go.together"), _alt("go.meet"), _alt("go.say")),
    _event(
        "play",
        _alt("play.toy"),
        _alt("play.game"),
        _alt("play.both"),
        Include(choice="trouble", weight=2.0),
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
        Include(choice="middle", weight=3.0),
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
        Include(choice="resolve", weight=6.0),
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
        _alt("never.found", 1, lambda s: s["trouble"] in ("lost", "wind")),
        _alt("never.pet", 1, lambda s: s["trouble"] == "pet"),
        _alt(
            "never.water", 1, lambda s: s["trouble"] == "water" and s["wide"]
        ),
        _alt("never.fixed", 1, lambda s: s["trouble"] == "broke"),
        _alt("never.friends", 1, lambda s: s["trouble"] == "quarrel", **SAD),
        reads=("trouble", "grabs", "wide"),
    ),
    _event(
        "keep",
        _alt("keep.hero", 1, holder="hero"),
        _alt(
            "keep.hold",
            1,
            lambda s: s["trouble"] != "quarrel",
            holder="hero",
        ),
        _alt("keep.friend", 1, holder="friend"),
        _alt("keep.home", 1, holder="friend"),
        reads=("trouble",),
    ),
)

EVENING = (
    _event(
        "evening",
        _alt("eve.ask"),
        _alt("eve.told"),
        _alt("eve.animal", 2, lambda s: s["met"]),
        _alt("eve.food", 2, lambda s: s["ate"]),
        Include(choice="close", weight=4.0),
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
        _alt("close.mood", 1, lambda s: s["holder"] == "hero"),
        _alt("close.lent", 1, lambda s: s["holder"] == "friend"),
        reads=("holder",),
    ),
    _event(
        "last",
        _alt("last.end", 3),
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
