"""The parts of a run: corpus, data, loss, counting, cost."""

import json
import math
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from companion.corpus import StoryWorld
from companion.corpus.files import part_of
from companion.evaluation import NeuralScorer
from companion.models import Transformer, TransformerConfig
from companion.models.budget import flops
from companion.ngrams import AddK, KneserNey, NGramModel
from companion.runs import (
    Corpus,
    baselines,
    open_model,
    prepare,
    preset,
    score_shards,
    sheet,
    validator,
)
from companion.runs.corpus import FRACTIONS, _pieces
from companion.runs.cost import compared
from companion.runs.stopping import Stopping
from companion.runs.validation import score_texts
from companion.shards import open_shards, write_shards
from companion.tokenization import (
    BPETokenizer,
    CharacterTokenizer,
    Vocabulary,
)

STORIES = list(StoryWorld().texts(50))
BPE = BPETokenizer.train(STORIES, 300)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    write_shards(STORIES[:40], BPE, folder)
    write_shards(STORIES[40:], BPE, folder, split="validation")
    return open_shards(folder), open_shards(folder, split="validation")


def model(context_length=24, vocab_size=300):
    torch.manual_seed(0)
    config = TransformerConfig.llama(
        vocab_size=vocab_size,
        context_length=context_length,
        d_model=16,
        n_layers=1,
        n_heads=2,
    )
    return Transformer(config).eval()


def test_a_running_text_is_cut_at_nine_tenths(tmp_path):
    text = "One.\r\n\r\nTwo, é.\n  Three.\n" * 30
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    corpus, plain = Corpus(path), text.replace("\r\n", "\n")
    train, validation = ("".join(corpus.part(part)) for part in FRACTIONS)
    assert (corpus.kind, train + validation) == ("one running text", plain)
    assert len(train) == int(0.9 * len(plain))
    assert "".join(corpus.part("all")) == plain


def test_any_other_ending_is_one_running_text(tmp_path):
    path = tmp_path / "README"
    path.write_text("a\n<|endoftext|>\nb\n")
    assert Corpus(path).running
    path.rename(tmp_path / "a.txt")
    assert not Corpus(tmp_path / "a.txt").running


def test_documents_are_divided_by_themselves(tmp_path):
    separated = tmp_path / "a.txt"
    separated.write_text("\n<|endoftext|>\n".join(STORIES))
    rows = tmp_path / "a.jsonl"
    rows.write_text("".join(json.dumps({"body": s}) + "\n" for s in STORIES))
    want = [s for s in STORIES if part_of(s, fractions=FRACTIONS) == "train"]
    for corpus in (Corpus(separated), Corpus(rows, "body")):
        assert corpus.kind == "documents"
        assert list(corpus.part("train")) == want
        assert len(list(corpus.part("all"))) == 50


def test_pieces_end_at_the_end_of_a_line(monkeypatch):
    monkeypatch.setattr("companion.runs.corpus.LONGEST", 10)
    assert list(_pieces("abc\ndef\nghi\n" + "x" * 23)) == [
        "abc\ndef\n",
        "ghi\n",
        "x" * 10,
        "x" * 10,
        "xxx",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"\xff\xfe", "must be UTF-8, .* is not at byte 0"),
        ("a.txt", b" \n", "a file must hold text"),
        ("a.pdf", b"%PDF-1.7\xe2", "must be UTF-8, .* is not at byte 8"),
        ("a.jsonl", b'{"x": "a"}\n', "has no column 'text'"),
    ],
)
def test_what_is_no_corpus(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        Corpus(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        Corpus(tmp_path / "b.txt")


def test_unknown_characters_are_counted(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("abc def\n" * 90 + "xyz def\n" * 10)
    chosen = replace(preset("tiny"), vocab_size=50)
    data = prepare(Corpus(path), chosen, tmp_path)
    sizes = data.sizes()
    assert sizes["train"]["unknown"] == 0
    assert sizes["validation"]["unknown"] == 30
    before = data.hashes()
    (tmp_path / "data" / "validation" / "manifest.json").unlink()
    assert prepare(Corpus(path), chosen, tmp_path).hashes() == before


def test_documents_are_scored_as_by_the_scorer(shards):
    """Its documents are whole, so the context must hold them."""
    net = model(context_length=700)
    found = score_shards(net, shards[1], "documents", 700)
    log_probs = NeuralScorer(net, BPE).log_probs_many(STORIES[40:])
    want = -sum(p.sum() for p in log_probs)
    assert found.tokens == shards[1].n_tokens
    assert found.nats == pytest.approx(want, rel=1e-5)
    said = found.to_dict()
    n_bytes = sum(len(s.encode()) for s in STORIES[40:])
    assert said["bits_per_byte"] == pytest.approx(want / math.log(2) / n_bytes)
    again = score_texts(net, BPE, STORIES[40:], running=False)
    assert (again.tokens, again.text_bytes) == (found.tokens, n_bytes)
    assert again.nats == pytest.approx(found.nats, rel=1e-6)


@pytest.mark.parametrize("rows", ["windows", "documents"])
def test_every_token_is_predicted_once(shards, rows):
    """A model of equal logits pays ln V for each, whatever the cuts."""
    net = model(context_length=7)
    torch.nn.init.zeros_(net.lm_head.weight)
    found = score_shards(net, shards[1], rows, 7)
    assert found.tokens == shards[1].n_tokens
    assert found.nats_per_token == pytest.approx(math.log(300))
    without = score_shards(net, shards[1], rows, 7, ends=False)
    assert without.tokens == found.tokens - 10
    validate = validator(shards[1], rows, 7, most=3)
    assert validate(net)["validation_loss"] == pytest.approx(math.log(300))


def test_baselines_are_those_of_words(shards):
    """The same counts, with each token written as a word."""
    words = [[f"t{i}" for i in BPE.encode(text)] for text in STORIES]
    found = baselines(*shards)
    assert list(found) == ["uniform", "unigram", "5-gram"]
    assert found["uniform"] == math.log(300)
    everything = Vocabulary(tuple(f"t{i}" for i in range(2, 300)))
    for name, order, smoothing in (
        ("unigram", 1, AddK(1.0)),
        ("5-gram", 5, KneserNey(None)),
    ):
        counted = NGramModel.train(words[:40], order, smoothing, everything)
        assert counted.n_words == 300
        log_p = np.concatenate(counted.log_probs_many(words[40:]))
        assert found[name] == pytest.approx(-log_p.mean())
    assert found["5-gram"] < found["unigram"] < found["uniform"]


def test_the_sheet_multiplies():
    config = TransformerConfig.llama(vocab_size=300, d_model=16, n_heads=2)
    cost = sheet(
        config,
        24,
        tokens=1_000_000,
        steps=500,
        seconds=1800.0,
        train_tokens=400_000,
        other_seconds=1800.0,
        machine_flops=1e9,
        price_per_hour=2.0,
    )
    per_token = sum(flops(config, 24, training=True).values())
    assert cost.flops == 1_000_000 * per_token
    assert (cost.passes, cost.price) == (2.5, 2.0)
    assert cost.utilisation == pytest.approx(cost.flops / 1800 / 1e9)
    said = "\n".join(cost.lines())
    assert "1,000,000 tokens in 500 steps, 2.50 passes" in said
    assert "1.00 h x 2.00 an hour = 2.00" in said
    free = replace(cost, price_per_hour=None, machine_flops=None)
    assert (free.price, free.utilisation) == (None, None)
    table = compared(free.to_dict(), cost.to_dict())
    assert table[1].split() == ["tokens", "1,000,000", "1,000,000"]
    assert table[-1].split() == ["price", "2.00"]


def test_a_signal_is_noted_once():
    before = signal.getsignal(signal.SIGINT)
    with Stopping() as stopping:
        assert stopping.exit_code == 0
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.exit_code == 130
        assert signal.getsignal(signal.SIGINT) is before  # the next one ends
    with Stopping():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_opens_models_of_every_kind(tmp_path):
    from companion.interop import export_model
    from companion.models.storage import save

    letters = CharacterTokenizer.train(["abc\n"], 10)
    net = model(vocab_size=letters.vocab_size)
    save(net, tmp_path / "ours", letters)
    export_model(net, letters, tmp_path / "theirs", begins=False)
    save(net, tmp_path / "bare")
    ours, theirs = (open_model(tmp_path / k) for k in ("ours", "theirs"))
    assert ours.prompt_ids("ab") == [0, *letters.encode("ab")]
    assert theirs.prompt_ids("ab") == letters.encode("ab")
    assert theirs.prompt_ids("") == letters.encode("\n")
    with pytest.raises(ValueError, match="must have a tokenizer"):
        open_model(tmp_path / "bare")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        open_model(tmp_path)
