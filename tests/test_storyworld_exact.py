"""The answer key against brute force, in worlds small enough to list.

The referee is the definition: the probability of a word given all words
before it is the mass of the stories that begin with both, over the mass of
those that begin with the words before.
"""

import math
from collections import defaultdict

import pytest

from companion.corpus import StoryWorld
from companion.corpus.storyworld.english import LANGUAGE as ENGLISH
from companion.corpus.storyworld.grammar import Grammar
from companion.corpus.storyworld.template import read_template
from companion.corpus.storyworld.trie import head_log_probs
from companion.corpus.storyworld.world import REDUCED

# Each opens up another part of the plot.
WORLDS = {
    "default": REDUCED,
    "openings": {
        "mood": 2,
        "story": 3,
        "hero": ("anna", "max"),
        "thing": ("big red hat", "small orange bucket"),
        "second": 3,
        "go": 3,
        "friend": ("friend_f kate", "friend_m leo"),
        "play": 4,
        "place": 2,
        "middle": ("resolve",),
    },
    "troubles": {
        "hero": ("anna",),
        "thing": ("big red hat", "big red doll"),
        "second": ("pet.has", "go"),
        "pet": ("goat star", "cat star"),
        "friend": ("cousin_m leo", "friend_f kate"),
        "place": ("garden", "river"),
        "trouble": 8,
        "mood": 2,
        "middle": ("resolve",),
        "resolve": 9,
        "sadly": 4,
        "sad_last": 2,
    },
    "scenes": {
        "hero": ("anna", "max"),
        "thing": ("big red hat", "big red truck"),
        "trouble": ("trouble.lost", "trouble.broke"),
        "feel": 3,
        "pet": ("goat star",),
        "second": ("pet.has", "go"),
        "talk": 4,
        "middle": ("mid.ask", "mid.look", "mid.pet", "resolve"),
        "resolve": ("find.friend", "fix.hero"),
    },
    "evenings": {
        "hero": ("anna", "max"),
        "friend": ("friend_m max", "friend_m leo"),
        "second": ("pet.has", "go"),
        "trouble": ("trouble.water", "trouble.quarrel"),
        "middle": ("mid.eat", "resolve"),
        "resolve": 2,
        "keep": 4,
        "evening": 5,
        "close": 4,
        "last": 4,
    },
}


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
@pytest.mark.parametrize("name", WORLDS)
def test_matches_brute_force(name, language):
    world = StoryWorld(language, reduced=WORLDS[name])
    stories = list(world.enumerate_stories(limit=20_000))
    assert 1000 < len(stories) < 20_000
    assert len({story.text for story in stories}) == len(stories)
    mass = defaultdict(float)
    total = 0.0
    for story in stories:
        p = math.exp(story.log_prob)
        total += p
        prefix = 0
        for word in (*story.words, "<end>"):
            mass[prefix] += p
            prefix = hash((prefix, word))
        mass[prefix] += p
    assert total == pytest.approx(1, abs=1e-9)
    for story in stories:
        prefix = 0
        pairs = zip((*story.words, "<end>"), story.log_probs, strict=True)
        for word, log_prob in pairs:
            before, prefix = prefix, hash((prefix, word))
            brute = math.log(mass[prefix] / mass[before])
            assert abs(brute - log_prob) < 1e-9, (story, word)


@pytest.mark.parametrize("name", WORLDS)
def test_sampled_entropy_agrees_with_the_exact_one(name):
    world = StoryWorld("en", seed=7, reduced=WORLDS[name])
    exact = -sum(
        math.exp(story.log_prob) * story.log_prob
        for story in world.enumerate_stories()
    )
    rate = world.entropy_rate(stories=5000)
    error = abs(rate.nats_per_story - exact)
    assert error < 3 * rate.nats_per_story_se


def test_alternatives_must_differ():
    heads = [[*read_template(text, straight_quotes=True)] for text in "aa"]
    with pytest.raises(ValueError, match="begin differently: weather"):
        head_log_probs(ENGLISH, heads, [0.5, 0.5], "weather")


def test_alternatives_must_not_continue_one_another():
    texts = ["It rained.", "It rained. Hard."]
    heads = [read_template(text, straight_quotes=True) for text in texts]
    with pytest.raises(ValueError, match="begin differently: weather"):
        head_log_probs(ENGLISH, heads, [0.5, 0.5], "weather")


def test_alternatives_must_differ_whatever_the_state():
    texts = ["{hero:He/She} ran.", "{friend:He/She} sat."]
    heads = [read_template(text, straight_quotes=True) for text in texts]
    with pytest.raises(ValueError, match=r"begin differently: .*'S?[hH]e '"):
        head_log_probs(ENGLISH, heads, [0.5, 0.5], "weather")


def test_a_gap_must_be_well_formed():
    with pytest.raises(ValueError, match=r"a gap must name .*\{!\}"):
        read_template("The {!} ran.", straight_quotes=True)


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
def test_every_state_that_is_met_compiles(language):
    """No reachable choice has alternatives that cannot be told apart."""
    world = StoryWorld(language, seed=99)
    assert sum(1 for _ in world.texts(1500)) == 1500
    assert isinstance(world._grammar, Grammar)
