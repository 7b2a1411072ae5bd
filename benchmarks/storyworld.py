"""How fast the story world tells, and whether every story is read back.

    python benchmarks/storyworld.py --stories 100000

For each language: megabytes a second of text alone and of stories with
their answer key, in one process; then all stories are told again, parsed,
and compared word by word. Stops with an error at the first that differs.

Chapter: book/data-card.ipynb
"""

import argparse
import time

import numpy as np

from companion.corpus import StoryWorld

LANGUAGES = ("en", "ru", "zh")
TOLERANCE = 1e-9  # nats


def megabytes_a_second(tell, count: int) -> float:
    """Tell `count` stories and measure the UTF-8 text they hold."""
    started = time.process_time()
    size = sum(tell(count))
    return size / (time.process_time() - started) / 1e6


def speeds(language: str, count: int) -> tuple[float, float]:
    """Return the speed of text alone, and with the answer key."""
    world = StoryWorld(language, seed=1)
    sum(map(len, world.texts(count)))  # compile what these stories need

    def texts(count):
        return (len(text.encode()) for text in world.texts(count))

    def stories(count):
        for story in world.stories(count):
            assert len(story.log_probs) == len(story.kinds)
            assert len(story.distances) == len(story.kinds)
            yield len(story.text.encode())

    return megabytes_a_second(texts, count), megabytes_a_second(stories, count)


def read_back(language: str, count: int) -> float:
    """Parse `count` stories; return the largest error, in nats.

    Raises:
        AssertionError: a story comes back as another one.
    """
    world, worst = StoryWorld(language, seed=0), 0.0
    for story in world.stories(count):
        again = world.parse(story.text)
        assert again.words == story.words, story.text
        assert again.kinds == story.kinds, story.text
        assert np.array_equal(again.distances, story.distances), story.text
        worst = max(worst, abs(again.log_prob - story.log_prob))
    assert worst <= TOLERANCE, worst
    return worst


def main() -> None:
    """Print a line a language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=5_000)
    count = parser.parse_args().stories
    for language in LANGUAGES:
        alone, keyed = speeds(language, min(count, 10_000))
        print(
            f"{language}: text alone {alone:.1f} MB/s, "
            f"with the answer key {keyed:.1f} MB/s",
            flush=True,
        )
        worst = read_back(language, count)
        print(
            f"{language}: {count:,} stories read back, "
            f"largest error {worst:.0e} nats",
            flush=True,
        )


if __name__ == "__main__":
    main()
