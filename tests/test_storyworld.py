"""The story world: what it promises to everybody who reads from it."""

import math
import re

import numpy as np
import pytest

from companion.corpus import (
    TEST_SEED,
    TRAIN_SEED,
    VALIDATION_SEED,
    OutsideWorld,
    StoryWorld,
    split,
)

LANGUAGES = ["en", "ru", "zh"]
WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


@pytest.fixture(scope="module", params=LANGUAGES)
def world(request):
    return StoryWorld(request.param, seed=11)


@pytest.fixture(scope="module")
def stories(world):
    return list(world.stories(400))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_words_match_the_regular_expression(language):
    for story in StoryWorld(language, seed=3).stories(300):
        assert list(story.words) == WORD.findall(story.text)


def test_chinese_words_join_to_the_text():
    for story in StoryWorld("zh", seed=3).stories(300):
        assert "".join(story.words) == story.text
        assert not re.search(r"[\sA-Za-z,.?!]", story.text)


def test_the_same_seed_tells_the_same_story_in_each_language():
    worlds = [StoryWorld(x, 5).stories(300) for x in LANGUAGES]
    for en, ru, zh in zip(*worlds, strict=True):
        assert en.labels == ru.labels == zh.labels
        assert en.facts.keys() == ru.facts.keys() == zh.facts.keys()
        assert en.log_prob == pytest.approx(ru.log_prob, abs=1e-9)
        assert en.log_prob == pytest.approx(zh.log_prob, abs=1e-9)


def test_parse_is_the_inverse_of_telling(world, stories):
    for told in stories:
        read = world.parse(told.text)
        assert read.text == told.text
        assert read.words == told.words
        assert read.kinds == told.kinds
        assert read.facts == told.facts
        assert read.labels == told.labels
        np.testing.assert_array_equal(read.distances, told.distances)
        np.testing.assert_allclose(read.log_probs, told.log_probs, atol=1e-9)


def test_answer_key_is_consistent(stories):
    for story in stories:
        n = len(story.words) + 1
        assert len(story.kinds) == n
        assert story.log_probs.shape == story.distances.shape == (n,)
        assert (story.log_probs <= 0).all()
        assert story.log_probs.sum() == pytest.approx(story.log_prob)
        assert set(story.kinds) == {"grammar", "recall", "free"}
        for position, kind in enumerate(story.kinds):
            distance = story.distances[position]
            assert (kind == "recall") == (distance > 0)
            assert distance <= position
            if kind == "grammar":
                assert story.log_probs[position] == 0
            if kind == "free":
                assert story.log_probs[position] < 0


def test_recall_points_at_a_mention():
    """Whoever has a colour recalled finds the colour where it points."""
    colours = {"red", "blue", "green", "yellow", "white", "orange"}
    colours |= {"purple", "pink", "brown", "grey", "black", "golden"}
    seen = 0
    for story in StoryWorld("en", seed=1).stories(300):
        for i, word in enumerate(story.words):
            if word in colours and story.kinds[i] == "recall":
                assert story.words[i - story.distances[i]] == word
                seen += 1
    assert seen > 200


def test_recall_reaches_far():
    distances = np.concatenate(
        [s.distances for s in StoryWorld("en", seed=1).stories(500)]
    )
    for low, high in [(1, 5), (5, 20), (20, 50), (50, 100), (100, 200)]:
        assert ((low <= distances) & (distances < high)).sum() > 100


def test_texts_are_the_texts_of_the_stories(world, stories):
    assert list(world.texts(len(stories))) == [s.text for s in stories]


def test_fewer_stories_are_a_prefix_of_more(world, stories):
    assert list(world.texts(20)) == [s.text for s in stories[:20]]


def test_seeds_differ():
    texts = {next(StoryWorld("en", seed).texts(1)) for seed in range(8)}
    assert len(texts) == 8


def test_vocabulary_holds_every_word(world, stories):
    assert list(world.vocabulary) == sorted(set(world.vocabulary))
    said = {word for story in stories for word in story.words}
    assert said <= set(world.vocabulary)
    assert "" not in world.vocabulary


def test_questions_have_answers_in_the_story(stories):
    kinds = set()
    for story in stories[:300]:
        assert len({q.question for q in story.questions}) == len(
            story.questions
        )
        for q in story.questions:
            kinds.add(q.kind)
            assert q.question and q.answer
            if q.kind in ("finder", "giver", "friend"):
                assert q.answer in story.facts.values()
    assert len(kinds) >= 6


def test_facts_of_a_story():
    story = StoryWorld("en").parse(
        "On a sunny Monday, Mum gave Anna a big red ball. "
        "Anna and her cousin Leo went to the park. "
        "Suddenly the ball fell into the pond. This made Anna feel sad. "
        "Then Leo took a long stick and pulled the ball out of the pond. "
        "“Take the ball home today, Leo,” said Anna. "
        "That night Leo slept well, with the red ball by the bed.".replace(
            "“", '"'
        ).replace("”", '"')
    )
    assert story.facts["hero"] == "Anna"
    assert story.facts["finder"] == story.facts["holder"] == "Leo"
    assert story.labels == {
        "ending": "happy",
        "trouble": "water",
        "place": "park",
        "object": "ball",
    }
    asked = {q.kind: (q.question, q.answer) for q in story.questions}
    assert asked["colour"] == ("What colour was the ball?", "red")
    assert asked["holder"] == ("Who had the ball at the end?", "Leo")
    last_red = len(story.words) - 1 - story.words[::-1].index("red")
    first_red = story.words.index("red")
    assert story.distances[last_red] == last_red - first_red


def test_entropy_rate_is_the_mean_of_the_stories(world):
    rate = world.entropy_rate(stories=400)
    told = list(world.stories(400))
    nats = -sum(s.log_prob for s in told)
    words = sum(len(s.words) for s in told)
    size = sum(len(s.text.encode()) for s in told)
    assert rate.nats_per_word == pytest.approx(nats / (words + 400))
    assert rate.bits_per_byte == pytest.approx(nats / math.log(2) / size)
    assert rate.nats_per_story == pytest.approx(nats / 400)
    assert rate.words_per_story == pytest.approx(words / 400)
    assert rate.bytes_per_story == pytest.approx(size / 400)


def test_standard_error_is_the_spread_of_repeated_estimates():
    world = StoryWorld("en")
    rates = [world.entropy_rate(stories=100, seed=i) for i in range(40)]
    for name in ("nats_per_word", "bits_per_byte", "nats_per_story"):
        spread = np.std([getattr(r, name) for r in rates], ddof=1)
        claimed = np.mean([getattr(r, f"{name}_se") for r in rates])
        assert spread == pytest.approx(claimed, rel=0.4)


def test_splits_are_different_seeds():
    seeds = [split("ru", s).seed for s in ("train", "validation", "test")]
    assert seeds == [TRAIN_SEED, VALIDATION_SEED, TEST_SEED] == [0, 1, 2]
    assert split("ru", "train").language == "ru"


def test_no_such_split():
    with pytest.raises(ValueError, match="one of train, validation, test"):
        split("en", "dev")


def test_no_such_language():
    with pytest.raises(ValueError, match="one of en, ru, zh, got 'fr'"):
        StoryWorld("fr")


def test_too_few_stories_for_a_standard_error():
    with pytest.raises(ValueError, match="at least 2, got 1"):
        StoryWorld("en").entropy_rate(stories=1)


def test_empty_text(world):
    with pytest.raises(ValueError, match="at character 0: expected one of"):
        world.parse("")


def test_parse_names_where_a_story_leaves_the_world():
    text = next(StoryWorld("en", 4).texts(1))
    place = text.index(".") + 2
    broken = text[:place] + "Zebras " + text[place:]
    with pytest.raises(OutsideWorld, match=r"\d+: .*got .*Zebras") as caught:
        StoryWorld("en").parse(broken)
    position = caught.value.position
    assert position <= place and "Zebras" in broken[position:][:25]
    assert f"at character {position}:" in str(caught.value)
    with pytest.raises(ValueError, match="expected one of"):
        StoryWorld("en").log_prob(text[:place])


@pytest.mark.parametrize("tail", [" ", "\n", ".", " The end."])
def test_nothing_may_follow_the_end(world, stories, tail):
    with pytest.raises(ValueError, match="leaves the world"):
        world.parse(stories[0].text + tail)


def test_each_language_refuses_the_others(world):
    for other in LANGUAGES:
        if other != world.language:
            with pytest.raises(ValueError, match="at character 0"):
                world.parse(next(StoryWorld(other).texts(1)))


def test_only_a_reduced_world_is_enumerated():
    with pytest.raises(ValueError, match="only a reduced world"):
        next(StoryWorld("en").enumerate_stories())
