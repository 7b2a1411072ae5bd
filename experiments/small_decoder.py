"""Train a small decoder on stories and score it: what experiments share."""

import time

import numpy as np
import torch
from torch import nn

from companion.corpus import split
from companion.evaluation import NeuralScorer, loss_of
from companion.models import DropoutConfig, Transformer, TransformerConfig
from companion.tokenization import Vocabulary, split_words
from companion.training import (
    Batch,
    TrainConfig,
    encode_documents,
    fit,
    token_losses,
)
from companion.training.batches import IGNORED, pad

N_TEST = 300  # stories
MODEL = {"context_length": 256, "d_model": 64, "n_layers": 2, "n_heads": 4}
MODEL |= {"position": "rotary", "init_std": 0.1}


def documents(n_stories: int) -> tuple[list[np.ndarray], Vocabulary]:
    """Encode the first training stories with the world's vocabulary."""
    train = split("en", "train")
    vocabulary = Vocabulary(train.vocabulary)
    texts = map(split_words, train.texts(n_stories))
    return encode_documents(texts, vocabulary), vocabulary


def train(
    ids: list[np.ndarray],
    vocabulary: Vocabulary,
    *,
    seed: int,
    dropout: dict | None = None,
    training: dict,
    **settings: object,
) -> tuple[nn.Module, dict]:
    """Build a decoder, train it on one core, and score it.

    Args:
        ids: of the stories.
        vocabulary: that they are encoded with.
        seed: of the weights, the order of the stories, and dropout.
        dropout: fields of `DropoutConfig`; none if not given.
        training: fields of `TrainConfig`.
        settings: fields of `TransformerConfig` that differ from MODEL.

    Returns:
        The model and what was measured; losses in nats per word, `losses`
        of the training batches, means of ten.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = Transformer(
        TransformerConfig(
            vocab_size=len(vocabulary),
            dropout=DropoutConfig(**(dropout or {})),
            **MODEL | settings,
        )
    )
    start = time.process_time()
    history = fit(model, ids, TrainConfig(seed=seed, **training))
    seconds = time.process_time() - start
    losses = np.array([entry["loss"] for entry in history])
    means = losses[: len(losses) // 10 * 10].reshape(-1, 10).mean(1)
    return model, {
        "cpu_seconds": round(seconds, 1),
        "parameters": model.n_parameters,
        "train_words": history[-1]["tokens"],
        "losses": means.round(4).tolist(),
        **score(model, vocabulary),
    }


def score(model: nn.Module, vocabulary: Vocabulary) -> dict:
    """Score a model on test stories, beside their floor."""
    stories = list(split("en", "test").stories(N_TEST))
    scorer = NeuralScorer(model, vocabulary)
    log_probs = scorer.log_probs_many(story.words for story in stories)
    floor = loss_of([story.log_probs for story in stories])
    return {
        "nats_per_word": loss_of(log_probs).nats_per_word,
        "floor_nats_per_word": floor.nats_per_word,
    }


def in_batches(ids: list[np.ndarray], size: int) -> list[Batch]:
    """Lay all stories out for scoring, some at once."""
    ids = sorted(ids, key=len)
    return [pad(ids[i : i + size]) for i in range(0, len(ids), size)]


@torch.no_grad()
def guesses(model: nn.Module, batches: list[Batch]) -> tuple[float, float]:
    """Nats per word, and the share of words guessed; without dropout."""
    was_training = model.training
    model.eval()
    nats = words = right = 0
    for inputs, targets in batches:
        logits = model(inputs)
        counts = targets != IGNORED
        nats += token_losses(logits, targets).item()
        right += int((logits.argmax(-1) == targets)[counts].sum())
        words += int(counts.sum())
    model.train(was_training)
    return round(nats / words, 4), round(right / words, 4)
