"""What counting achieves on the same tokens: the least a model must beat.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import math
from collections.abc import Iterable

import numpy as np

from companion.ngrams import AddK, KneserNey, NGramModel
from companion.shards import TokenShards

ORDER = 5
MOST = 3_000_000  # tokens that are counted; more would take minutes


class TokenIds:
    """Ids of a tokenizer, where `companion.ngrams` wants words.

    The end of a text is what a text ends with, id 0 in all tokenizers; two
    ids beyond the vocabulary stand for the begin and for padding.
    """

    def __init__(self, vocab_size: int, end_id: int) -> None:
        self.eos_id = end_id
        self.bos_id, self.pad_id = vocab_size, vocab_size + 1

    def __len__(self) -> int:
        return self.pad_id + 1

    def ids(self, tokens: Iterable[int]) -> np.ndarray:
        """Pass on what is ids already."""
        return np.fromiter(tokens, np.int64)


def baselines(
    train: TokenShards, validation: TokenShards, *, ends: bool = True
) -> dict[str, float]:
    """Score the validation part by counts of the training part.

    Args:
        train: counted, the first 3 million tokens of it.
        validation: of the same tokenizer; scored, as many at most.
        ends: whether the ends of documents count; of a running text they
            do not.

    Returns:
        Nats per token: "uniform" (ln V),
        "unigram" (add-one) and "5-gram" (Kneser-Ney).
    """
    manifest = train.manifest
    vocabulary = TokenIds(manifest.vocab_size, manifest.end_id)
    learned, kept_back = _documents(train), _documents(validation)
    found = {"uniform": math.log(manifest.vocab_size)}
    for name, order, smoothing in (
        ("unigram", 1, AddK(1.0)),
        (f"{ORDER}-gram", ORDER, KneserNey(None)),
    ):
        model = NGramModel.train(learned, order, smoothing, vocabulary)
        scored = model.log_probs_many(kept_back)
        log_p = np.concatenate([p if ends else p[:-1] for p in scored])
        found[name] = float(-log_p.mean())
    return found


def _documents(shards: TokenShards) -> list[list[int]]:
    """List the first documents without their ends."""
    documents, n_tokens = [], 0
    for number in range(shards.n_documents):
        if n_tokens >= MOST:
            break
        ids = shards.document(number)[: MOST - n_tokens]
        n_tokens += len(ids)
        documents.append(ids[:-1].tolist())
    return documents
