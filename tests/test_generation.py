from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from companion.corpus import split
from companion.generation import (
    SamplingConfig,
    generate,
    join_words,
    sample,
    seen_from,
    stream,
    write,
)
from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    Transformer,
    TransformerConfig,
    WindowConfig,
    WindowModel,
)
from companion.tokenization import BPETokenizer, CharacterTokenizer, Vocabulary

WORDS = ("the", "cat", "dog", "sat")
VOCABULARY = Vocabulary(WORDS)
V = len(VOCABULARY)


class Chain(nn.Module):
    """A bigram model with given logits: (V, V)."""

    def __init__(self, logits):
        super().__init__()
        self.table = nn.Parameter(torch.as_tensor(logits).float())

    def forward(self, token_ids):
        return self.table[token_ids]


def chain(links):
    """A chain that follows `links` almost surely; others end at once."""
    logits = np.full((V, V), -50.0)
    logits[:, VOCABULARY.eos_id] = 0.0
    for a, b in links:
        i, j = VOCABULARY.symbol_ids([a, b])
        logits[i, j], logits[i, VOCABULARY.eos_id] = 0.0, -50.0
    return Chain(logits)


def test_follows_the_model_to_its_end():
    model = chain([("<s>", "the"), ("the", "cat"), ("cat", "sat")])
    rng = np.random.default_rng(0)
    assert sample(model, VOCABULARY, rng) == ["the", "cat", "sat"]


def test_continues_a_prompt():
    model = chain([("dog", "sat")])
    rng = np.random.default_rng(0)
    prompt = ("the", "dog")
    assert sample(model, VOCABULARY, rng, prompt=prompt) == ["sat"]
    assert prompt == ("the", "dog")


def test_stops_at_max_words_beyond_the_prompt():
    model = chain([("<s>", "cat"), ("cat", "cat")])
    rng = np.random.default_rng(0)
    words = sample(model, VOCABULARY, rng, max_words=5, prompt=["cat"])
    assert words == ["cat"] * 5
    assert sample(model, VOCABULARY, rng, max_words=0) == []


def test_never_writes_padding_or_a_second_beginning():
    model = Chain(np.zeros((V, V)))
    rng = np.random.default_rng(0)
    for _ in range(50):
        words = sample(model, VOCABULARY, rng)
        assert not {"<pad>", "<s>", "</s>"} & set(words)


def models():
    torch.manual_seed(0)
    sizes = dict(vocab_size=V, d_model=4, d_hidden=6)
    yield WindowModel(WindowConfig(**sizes))
    for cell in ("rnn", "lstm", "gru"):
        yield RecurrentModel(RecurrentConfig(cell=cell, **sizes))


def test_equal_seeds_write_equal_text():
    for model in models():
        texts = [
            sample(model, VOCABULARY, np.random.default_rng(s), max_words=40)
            for s in (3, 3, 4)
        ]
        assert texts[0] == texts[1] != texts[2]


def test_a_carried_state_writes_what_reading_all_again_writes():
    """Greedy text satisfies the model's own argmax at every position."""
    for model in models():
        rng = np.random.default_rng(0)
        words = sample(
            model, VOCABULARY, rng, temperature=0, max_words=8, prompt=["dog"]
        )
        ids = [VOCABULARY.bos_id, *VOCABULARY.ids(["dog", *words])]
        with torch.no_grad():
            logits = model(torch.tensor([ids]))[0]
        logits[:, [VOCABULARY.pad_id, VOCABULARY.bos_id]] = -torch.inf
        want = logits.argmax(1)
        for (_, taken), best in list(
            zip(pairwise(ids), want.tolist(), strict=False)
        )[1:]:
            assert taken == best


def test_refuses_negative_settings():
    model, rng = chain([]), np.random.default_rng(0)
    with pytest.raises(ValueError, match="temperature must be >= 0, got -1"):
        sample(model, VOCABULARY, rng, temperature=-1)
    with pytest.raises(ValueError, match="max_words must be >= 0, got -2"):
        sample(model, VOCABULARY, rng, max_words=-2)


GREEDY = SamplingConfig(temperature=0)
FREE = SamplingConfig()
PROMPTS = ([5], [1, 2, 3, 4, 5, 6], [7, 0, 7])


def transformer(**settings):
    torch.manual_seed(0)
    sizes = {"vocab_size": 11, "context_length": 12, "d_model": 16}
    settings = sizes | {"n_layers": 2, "init_std": 0.5} | settings
    return Transformer(TransformerConfig(**settings))


def every_model():
    yield from models()
    yield Chain(np.random.default_rng(0).normal(size=(V, V)))
    for position in ("learned", "rotary", "sinusoidal", "none"):
        yield transformer(position=position, vocab_size=V)
    yield transformer(window=3, vocab_size=V)


def rng(seed=0):
    return np.random.default_rng(seed)


@torch.no_grad()
def uncached(model, prompt, config, numbers, max_tokens, limit=None):
    """What `generate` must write, in the plainest way: read all again."""
    text, model = list(prompt), model.eval()
    for _ in range(max_tokens):
        start = 0
        if limit is not None:  # by hand what seen_from says
            while len(text) - start > limit:
                start += limit // 2
        logits = model(torch.tensor([text[start:]]))[0, -1].double()
        shaped = config.apply(logits[None], [text], len(text) - len(prompt))
        p = shaped[0].softmax(-1).cumsum(-1).numpy()
        text.append(int((p <= numbers.random() * p[-1]).sum()))
    return text[len(prompt) :]


@pytest.mark.parametrize(
    "model", list(every_model()), ids=lambda m: type(m).__name__
)
def test_a_batch_writes_what_each_writes_alone(model):
    prompts = [[i % V for i in prompt] for prompt in PROMPTS]
    for config in (GREEDY, FREE):
        many = generate(model, prompts, config, rng(), max_tokens=6)
        for prompt, own, got in zip(
            prompts, rng().spawn(3), many, strict=True
        ):
            (alone,) = generate(model, [prompt], config, own, max_tokens=6)
            assert got.tokens == alone.tokens and len(got.tokens) == 6
            np.testing.assert_allclose(
                got.log_probs, alone.log_probs, atol=1e-5
            )


@pytest.mark.parametrize("when_full", ["stop", "slide"])
@pytest.mark.parametrize("position", ["learned", "rotary"])
def test_equals_the_uncached_run(position, when_full):
    """Also beyond the context, one by one and in a batch."""
    model = transformer(position=position)
    n = 40 if when_full == "slide" else 99
    limit = 12 if when_full == "slide" else None
    for config in (GREEDY, SamplingConfig(top_k=5)):
        many = generate(
            model, PROMPTS, config, rng(), max_tokens=n, when_full=when_full
        )
        for prompt, own, got in zip(
            PROMPTS, rng().spawn(3), many, strict=True
        ):
            n_free = n if limit else 13 - len(prompt)
            want = uncached(model, prompt, config, own, n_free, limit)
            assert got.tokens == want
            reason = "max_tokens" if limit else "context"
            assert got.reason == reason


def test_at_the_end_of_the_context_the_last_token_is_written_unread():
    (text,) = generate(transformer(), [[1]], GREEDY, rng(), max_tokens=99)
    assert len(text.text) == 12 + 1
    assert text.reason == "context"
    (text,) = generate(transformer(), [[1] * 12], GREEDY, rng(), max_tokens=9)
    assert len(text.tokens) == 1


def test_what_a_sliding_context_shows():
    got = [seen_from(n, 8) for n in (1, 8, 9, 12, 13, 16, 17)]
    assert got == [0, 0, 4, 4, 8, 8, 12]
    for n in range(1, 60):
        for limit in (1, 2, 5, 8):
            seen = n - seen_from(n, limit)
            assert min(n, limit // 2 + 1) <= seen <= limit


def test_a_long_prompt_slides():
    prompt = [i % 11 for i in range(40)]
    (got,) = generate(
        transformer(), [prompt], GREEDY, rng(), max_tokens=9,
        when_full="slide",
    )  # fmt: skip
    assert got.tokens == uncached(
        transformer(), prompt, GREEDY, rng(), 9, limit=12
    )


def test_reasons_and_log_probs():
    model = chain([("<s>", "the"), ("the", "cat"), ("cat", "cat")])
    begin, the, cat = VOCABULARY.symbol_ids(["<s>", "the", "cat"]).tolist()
    config = SamplingConfig.of(VOCABULARY, temperature=0)
    prompts = [[begin], [begin, *VOCABULARY.ids(["dog"])]]
    long, short = generate(model, prompts, config, rng(), max_tokens=4)
    assert (long.tokens, long.reason) == ([the, cat, cat, cat], "max_tokens")
    assert (short.tokens, short.reason) == ([], "stop")
    assert len(long.log_probs) == 4 and len(short.log_probs) == 1
    np.testing.assert_allclose(short.log_probs, [0], atol=1e-9)
    (none,) = generate(model, [[begin]], config, rng(), max_tokens=0)
    assert (none.tokens, none.reason) == ([], "max_tokens")


def test_log_probs_are_the_models_own():
    model = transformer()
    config = SamplingConfig(temperature=0.5, top_k=2)
    (text,) = generate(model, [[3, 1]], config, rng(), max_tokens=8)
    ids = torch.tensor([text.text])
    with torch.no_grad():
        want = model(ids[:, :-1]).log_softmax(-1)[0, 1:]
    want = want[range(8), text.tokens]
    np.testing.assert_allclose(text.log_probs, want, atol=1e-5)


def test_min_tokens_and_several_ends():
    model = Chain(np.zeros((V, V)))
    config = SamplingConfig(min_tokens=5, stop_ids=(3, 4))
    texts = generate(model, [[2]] * 200, config, rng(), max_tokens=99)
    lengths = [len(text.tokens) for text in texts]
    assert min(lengths) == 5 and len(set(lengths)) > 5
    assert all(text.reason == "stop" for text in texts)
    assert not {3, 4} & {token for text in texts for token in text.tokens}


def test_draws_follow_the_model():
    """Frequencies of two-token texts are products of probabilities."""
    model = transformer(vocab_size=4)
    texts = generate(model, [[1]] * 4000, FREE, rng(), max_tokens=2)
    got = np.zeros((4, 4))
    for text in texts:
        got[tuple(text.tokens)] += 1 / 4000
    with torch.no_grad():
        first = model(torch.tensor([[1]]))[0, -1].softmax(-1)
        pairs = torch.tensor([[1, token] for token in range(4)])
        second = model(pairs)[:, -1].softmax(-1)
    want = (first[:, None] * second).numpy()
    np.testing.assert_allclose(got, want, atol=4 * 0.5 / 4000**0.5)


def test_a_model_comes_out_of_training_mode_and_keeps_its_weights():
    model = transformer().train()
    before = [p.clone() for p in model.parameters()]
    generate(model, [[1]], FREE, rng(), max_tokens=3)
    assert not model.training
    assert all(map(torch.equal, before, model.parameters()))
    model(torch.tensor([[1, 2]])).sum().backward()  # no inference tensors


@pytest.mark.parametrize(
    ("prompts", "settings", "message"),
    [
        ([], {}, "there must be a prompt, got none"),
        ([[1], []], {}, "a prompt needs at least one token"),
        ([[1]], {"max_tokens": -1}, "max_tokens must be >= 0, got -1"),
        ([[1] * 13], {}, r"at most context_length \(12\) tokens, got 13"),
        ([[1]], {"when_full": "crop"}, "'stop' or 'slide', got 'crop'"),
    ],
)
def test_generate_refuses(prompts, settings, message):
    settings = {"max_tokens": 3} | settings
    with pytest.raises(ValueError, match=message):
        generate(transformer(), prompts, FREE, rng(), **settings)


def test_an_encoder_does_not_write():
    with pytest.raises(ValueError, match="only a causal model can write"):
        generate(transformer(causal=False), [[1]], FREE, rng(), max_tokens=1)


class Counted(Chain):
    """A chain that counts how often it is asked."""

    calls = 0

    def forward(self, token_ids):
        self.calls += 1
        return super().forward(token_ids)


def test_writing_goes_no_further_than_it_is_asked():
    model = Counted(np.zeros((V, V)))
    texts = write(model, [2], FREE, rng(), max_tokens=50)
    seen = [len(next(texts).tokens) for _ in range(4)]
    assert seen == [0, 1, 2, 3] and model.calls == 3
    assert torch.is_inference_mode_enabled() is False


def test_stories_are_put_together_as_they_were():
    vocabulary = Vocabulary(split("en", "train").vocabulary)
    for story in split("en", "test").stories(300):
        assert (
            join_words(vocabulary.ids(story.words), vocabulary) == story.text
        )


def test_streamed_words_are_the_sampled_ones():
    model = Chain(np.random.default_rng(1).normal(size=(V, V)))
    config = SamplingConfig.of(VOCABULARY)
    for seed in range(10):
        pieces = list(
            stream(model, VOCABULARY, "the cat", config, rng(seed),
                   max_tokens=20)
        )  # fmt: skip
        words = sample(
            model, VOCABULARY, rng(seed), max_words=20, prompt=["the", "cat"]
        )
        assert [piece.strip() for piece in pieces] == words


def test_a_stream_never_breaks_a_character():
    """Every byte is a token, so a Chinese character takes three."""
    tokenizer = BPETokenizer.train(["ab"], 257)
    text = "Wind 风é."
    ids = [0, *tokenizer.encode(text), 0]
    table = np.full((257, 257), -50.0)
    follows = dict(pairwise(ids))
    assert len(follows) == len(ids) - 1  # no token twice: the chain is sure
    for a, b in follows.items():
        table[a, b] = 0
    config = SamplingConfig.of(tokenizer)
    pieces = list(
        stream(Chain(table), tokenizer, "", config, rng(), max_tokens=99)
    )
    assert "".join(pieces) == text and all(pieces)
    assert "风" in pieces and "�" not in "".join(pieces)


def test_a_stream_can_be_stopped():
    model = Counted(np.zeros((V, V)))
    pieces = stream(
        model, VOCABULARY, "", SamplingConfig(), rng(), max_tokens=50
    )
    next(pieces), next(pieces)
    pieces.close()
    assert model.calls == 2


def test_only_bytes_are_streamed():
    tokenizer = CharacterTokenizer.train(["ab"], 10)
    with pytest.raises(ValueError, match="only tokens that are bytes"):
        next(stream(transformer(), tokenizer, "", FREE, rng(), max_tokens=1))
