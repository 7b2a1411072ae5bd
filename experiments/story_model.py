"""A story model of some minutes: its loss, and how far its stories hold.

    python experiments/story_model.py

writes 20,000 stories to a Parquet file, trains the preset story-cpu on it
for 1,200 steps on one core, lets it write 200 stories at each of two
temperatures, reads them with the parser of the story world, and writes what
it found to book/results/story_model.json.

Chapter: book/projects/2-story-model.ipynb
"""

import math
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import stored
import torch

from companion.corpus import OutsideWorld, StoryWorld
from companion.corpus.files import part_of, write_documents
from companion.generation import SamplingConfig, generate
from companion.runs import open_model, preset, train_run, with_budget
from companion.runs.corpus import FRACTIONS

NAME = "story_model.json"
STORIES, STEPS, WRITTEN, SHOWN = 20_000, 1_200, 200, 3
TEMPERATURES = 1.0, 0.5


def known_words(world: StoryWorld, text: str) -> tuple[int, bool]:
    """Count the words before the first that cannot stand there.

    Returns:
        The number, and whether the text is a possible story to its end.
    """
    try:
        world.parse(text)
    except OutsideWorld as error:
        return len(text[: error.position].split()), False
    return len(text.split()), True


def written(folder: Path, world: StoryWorld, temperature: float) -> dict:
    """Let the model write, and read what it has written."""
    model, tokenizer, _ = opened = open_model(folder)
    texts = generate(
        model,
        [opened.prompt_ids("")] * WRITTEN,
        SamplingConfig.of(tokenizer, temperature=temperature),
        np.random.default_rng(0),
        max_tokens=300,
    )
    said = [tokenizer.decode(text.tokens) for text in texts]
    read = [known_words(world, text) for text in said]
    return {
        "temperature": temperature,
        "possible": float(np.mean([whole for _, whole in read])),
        "median_words_known": float(np.median([n for n, _ in read])),
        "words": float(np.mean([len(text.split()) for text in said])),
        "possible_texts": [
            text for text, (_, whole) in zip(said, read, strict=True) if whole
        ],
        "samples": said[:SHOWN],
    }


def main() -> None:
    """Write stories, train, let it write, read."""
    torch.set_num_threads(1)
    world = StoryWorld("en", 0)
    kept_back = [
        story
        for story in world.stories(STORIES)
        if part_of(story.text, fractions=FRACTIONS) == "validation"
    ]
    size = sum(len(story.text.encode()) for story in kept_back)
    floor = -sum(story.log_prob for story in kept_back) / size / math.log(2)
    chosen = with_budget(preset("story-cpu"), steps=STEPS)
    with tempfile.TemporaryDirectory() as place:
        corpus, folder = Path(place, "stories.parquet"), Path(place, "run")
        write_documents(corpus, world.texts(STORIES))
        result = train_run(
            folder,
            corpus=corpus,
            preset=chosen,
            name="story-cpu",
        ).result
        texts = [written(folder, world, t) for t in TEMPERATURES]
        read = set(world.texts(STORIES))
        for found in texts:
            whole = found.pop("possible_texts")
            found["possible_copied"] = sum(text in read for text in whole)
            found["possible_count"] = len(whole)
        result |= {"parameters": open_model(folder).model.n_parameters}
    kept = {"floor_bits_per_byte": floor, "train": asdict(chosen.train)}
    stored.write(
        NAME,
        "experiments/story_model.py",
        [{**kept, **result, "texts": texts}],
        machine=stored.one_core(),
    )


if __name__ == "__main__":
    main()
