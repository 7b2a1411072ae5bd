"""Each filter has its law, and equals the one of transformers."""

import numpy as np
import pytest
import torch

from companion import config as configs
from companion.generation import (
    SamplingConfig,
    choose,
    min_p,
    repetition_penalty,
    temperature,
    top_k,
    top_p,
)
from companion.generation.draw import draw
from companion.tokenization import BPETokenizer, Vocabulary

NEVER = float("-inf")


def logits(rows=50, vocab_size=40, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(rows, vocab_size, generator=generator, dtype=dtype)


def kept(filtered):
    return filtered > NEVER


def test_what_is_kept_keeps_its_logit():
    given = logits()
    for filtered in (top_k(given, 5), top_p(given, 0.7), min_p(given, 0.1)):
        assert torch.equal(filtered[kept(filtered)], given[kept(filtered)])
        best = given.argmax(-1, keepdim=True)
        assert kept(filtered).gather(-1, best).all()


@pytest.mark.parametrize("k", [1, 3, 40, 100])
def test_top_k_keeps_the_k_largest(k):
    given = logits()
    filtered = top_k(given, k)
    assert (kept(filtered).sum(-1) == min(k, 40)).all()
    least = given.masked_fill(~kept(filtered), float("inf")).amin(-1)
    most_left_out = given.masked_fill(kept(filtered), NEVER).amax(-1)
    assert (least > most_left_out).all()


def test_of_equal_logits_the_lower_ids_stay():
    given = torch.tensor([1.0, 2.0, 1.0, 2.0, 1.0])
    assert kept(top_k(given, 3)).tolist() == [True, True, False, True, False]
    assert kept(top_k(torch.zeros(4), 2)).tolist() == [
        True,
        True,
        False,
        False,
    ]
    halves = top_p(torch.zeros(4), 0.5)
    assert kept(halves).tolist() == [True, True, False, False]
    alone = temperature(torch.tensor([0.0, 7.0, 7.0]), 0)
    assert alone.tolist() == [NEVER, 7.0, NEVER]


@pytest.mark.parametrize("p", [1e-9, 0.1, 0.5, 0.9, 0.999])
def test_top_p_keeps_the_smallest_set_that_reaches_p(p):
    given = logits()
    probabilities = given.softmax(-1)
    chosen = kept(top_p(given, p))
    mass = (probabilities * chosen).sum(-1)
    assert (mass >= p - 1e-12).all()
    least = probabilities.masked_fill(~chosen, 2.0).amin(-1)
    assert (mass - least < p).all()  # without its smallest: too little
    largest_out = probabilities.masked_fill(chosen, 0.0).amax(-1)
    assert (least >= largest_out).all()


def test_top_p_of_one_keeps_all():
    given = logits(dtype=torch.float32) * 20  # most probabilities round to 0
    assert kept(top_p(given, 1.0)).all()


@pytest.mark.parametrize("p", [0.0, 0.05, 0.5, 1.0])
def test_min_p_keeps_what_is_near_the_likeliest(p):
    given = logits()
    probabilities = given.softmax(-1)
    wanted = probabilities >= p * probabilities.amax(-1, keepdim=True)
    assert torch.equal(kept(min_p(given, p)), wanted)


def test_temperature():
    given = logits()
    assert torch.equal(temperature(given, 1), given)
    assert torch.equal(temperature(given, 0.5), 2 * given)
    greedy = temperature(given, 0)
    assert (kept(greedy).sum(-1) == 1).all()
    assert torch.equal(greedy.argmax(-1), given.argmax(-1))
    entropies = [
        torch.distributions.Categorical(logits=temperature(given, t)).entropy()
        for t in (0.3, 1, 3)
    ]
    assert (entropies[0] < entropies[1]).all()
    assert (entropies[1] < entropies[2]).all()


def test_repetition_penalty():
    given = torch.tensor([2.0, -2.0, 1.0, 0.0])
    seen = torch.tensor([0, 1, 0, 3])
    assert torch.equal(repetition_penalty(given, seen, 1), given)
    once = repetition_penalty(given, seen, 2.0)
    assert once.tolist() == [1.0, -4.0, 1.0, 0.0]


def theirs(name):
    module = pytest.importorskip("transformers.generation.logits_process")
    return getattr(module, name)


def test_each_equals_transformers():
    given = logits(dtype=torch.float32)
    seen = torch.randint(40, (50, 12), generator=torch.manual_seed(1))
    for ours, name, setting in (
        (temperature(given, 0.7), "TemperatureLogitsWarper", 0.7),
        (top_k(given, 7), "TopKLogitsWarper", 7),
        (top_p(given, 0.8), "TopPLogitsWarper", 0.8),
        (min_p(given, 0.1), "MinPLogitsWarper", 0.1),
    ):
        assert torch.equal(ours, theirs(name)(setting)(None, given))
    for penalty in (0.5, 1.3):
        ours = repetition_penalty(given, seen, penalty)
        warper = theirs("RepetitionPenaltyLogitsProcessor")(penalty)
        torch.testing.assert_close(ours, warper(seen, given))


def test_all_together_equal_transformers_in_its_own_order():
    """The library itself decides the order, from a GenerationConfig."""
    transformers = pytest.importorskip("transformers")
    tiny = transformers.GPT2Config(
        vocab_size=40, n_embd=4, n_layer=1, n_head=1, n_positions=32
    )
    settings = dict(temperature=0.8, top_k=12, top_p=0.9, min_p=0.05)
    settings |= dict(repetition_penalty=1.4)
    wanted = transformers.GenerationConfig(
        **settings,
        do_sample=True,
        eos_token_id=3,
        pad_token_id=0,
        min_new_tokens=6,
        suppress_tokens=[0, 5],
    )
    wanted._eos_token_tensor = torch.tensor([3])
    wanted._pad_token_tensor = torch.tensor(0)
    model = transformers.GPT2LMHeadModel(tiny)
    processors = model._get_logits_processor(
        wanted, input_ids_seq_length=8, device="cpu"
    )
    ours = SamplingConfig(
        **settings, min_tokens=6, stop_ids=(3,), never_ids=(0, 5)
    )
    given = logits()
    for length in (12, 14):  # 4 and 6 tokens written: before 6, no end
        seen = torch.randint(40, (50, length), generator=torch.manual_seed(2))
        filtered = ours.apply(given, seen.tolist(), length - 8)
        torch.testing.assert_close(filtered, processors(seen, given.clone()))
        assert kept(filtered)[:, 3].any() == (length == 14)


def test_the_defaults_change_nothing():
    given = logits()
    assert SamplingConfig().apply(given, [[1]] * 50, 0) is given


def test_the_penalty_looks_back_as_far_as_its_window():
    given = torch.ones(2, 6)
    texts = [[1, 2, 3], [4, 5, 5]]
    config = SamplingConfig(repetition_penalty=2.0, penalty_window=2)
    changed = config.apply(given, texts, 0) < 1
    assert [row.nonzero().flatten().tolist() for row in changed] == [
        [2, 3],
        [5],
    ]


def test_knows_how_texts_end():
    words = SamplingConfig.of(Vocabulary(("a",)), top_k=3)
    assert (words.stop_ids, words.never_ids, words.top_k) == ((3,), (0, 2), 3)
    tokenizer = BPETokenizer.train(["a b a b"], 260)
    bytes_ = SamplingConfig.of(tokenizer, min_p=0.1)
    assert (bytes_.stop_ids, bytes_.never_ids) == ((0,), ())


def test_config_round_trip():
    config = SamplingConfig(top_k=3, stop_ids=(1, 2), min_tokens=4)
    plain = configs.to_dict(config)
    assert configs.from_dict(SamplingConfig, plain) == config


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"temperature": -1}, "temperature must be >= 0, got -1"),
        ({"temperature": float("nan")}, "temperature must be >= 0, got nan"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"top_p": 0.0}, r"top_p must be in \(0, 1\], got 0.0"),
        ({"top_p": 1.1}, r"top_p must be in \(0, 1\], got 1.1"),
        ({"min_p": -0.1}, r"min_p must be in \[0, 1\], got -0.1"),
        ({"repetition_penalty": 0}, "repetition_penalty must be above 0"),
        ({"penalty_window": 0}, "penalty_window must be at least 1, got 0"),
        ({"min_tokens": -1}, "min_tokens must be >= 0, got -1"),
        ({"stop_ids": (1,), "never_ids": (1,)}, "cannot both end a text"),
    ],
)
def test_config_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        SamplingConfig(**wrong)


def test_frequencies_match_the_softmax():
    rng = np.random.default_rng(0)
    given = np.array([0.0, 1.0, -np.inf, 2.0, -1.0])
    for t in (0.5, 1.0, 2.0):
        draws = [choose(given, rng, t) for _ in range(20_000)]
        got = np.bincount(draws, minlength=5) / 20_000
        want = torch.softmax(torch.tensor(given) / t, 0).numpy()
        assert got[2] == 0
        np.testing.assert_allclose(got, want, atol=4 * 0.5 / 20_000**0.5)


def test_temperature_zero_takes_the_likeliest():
    rng = np.random.default_rng(0)
    assert choose(np.array([0.1, 0.3, 0.2]), rng, 0) == 1


@pytest.mark.parametrize(
    "filters",
    [{}, {"top_k": 2}, {"top_p": 0.3}, {"min_p": 0.5}, {"never_ids": (4,)}],
)
@pytest.mark.parametrize("t", [0, 1.0])
def test_picks_what_a_draw_from_the_filtered_logits_gives(filters, t):
    rng = np.random.default_rng(1)
    logits = torch.from_numpy(rng.integers(4, size=(50, 9)) / 2)  # with ties
    numbers = rng.random(50)
    config = SamplingConfig(temperature=t, **filters)
    texts = [[0]] * 50
    drawn = draw(config.apply(logits, texts, 0).numpy(), numbers)
    assert config.pick(logits, texts, 0, numbers).tolist() == drawn.tolist()
