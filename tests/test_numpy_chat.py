"""The chat model: its data, its two phases, its answers, its command."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from companion.cli import app
from companion.corpus.reading import read_rows
from companion.numpy_gpt.chat import (
    ChatConfig,
    ChatRun,
    answer_ids,
    holds,
    reply,
    share_right,
    tidy,
)
from companion.numpy_gpt.chat_data import (
    ChatData,
    Pair,
    build_tokenizer,
    dialogue,
    packed,
    prompt_ids,
    read_pairs,
    read_statements,
    reworded,
    world_data,
)

COMMAND = Path(sys.executable).parent / "companion"
WHO = ["Ada", "Ben", "Cora", "Dan", "Eva", "Finn"]
PETS = ["dog", "cat", "duck", "cat", "dog", "pony"]
STATEMENTS = [f"{a} has a {b}." for a, b in zip(WHO, PETS, strict=True)]
PAIRS = [
    Pair(f"What pet does {a} have?", f"{a} has a {b}.", b)
    for a, b in zip(WHO, PETS, strict=True)
]
DATA = ChatData(STATEMENTS, PAIRS[:5], PAIRS[5:])
QUICK = {"d_model": 32, "n_heads": 2, "n_layers": 2, "batch_size": 3,
         "pretraining_epochs": 60, "tuning_epochs": 60}  # fmt: skip


@pytest.fixture(scope="module")
def trained():
    longer = QUICK | {"tuning_epochs": 200}
    rates = {"pretraining_lr": 5e-3, "tuning_lr": 5e-3}
    run = ChatRun(DATA, ChatConfig(**longer, **rates))
    return run.model, run.pretrain(), run.tune()


def test_both_phases_learn(trained):
    model, first, second = trained
    assert first[-1]["loss"] < first[0]["loss"]
    assert second[-1]["loss"] < second[0]["loss"]
    assert share_right(model, DATA.train) == 1
    said = reply(model, "What pet does Ada have?")
    assert said.text.endswith("has a dog.") and said.unknown == ()


def test_unknown_words_are_named(trained):
    said = reply(trained[0], "What zebra does Ada's zebra have?")
    assert said.unknown == ("zebra", "'", "s")
    with pytest.raises(ValueError, match="a question must have words"):
        reply(trained[0], "  ")
    with pytest.raises(ValueError, match="must have fewer than 96 tokens"):
        reply(trained[0], "pet " * 95)


def test_answers_side_by_side_are_those_alone(trained):
    questions = [pair.question for pair in PAIRS] + ["pet?", "Ada has a dog"]
    together = answer_ids(trained[0], questions)
    alone = [answer_ids(trained[0], [q])[0] for q in questions]
    assert together == alone


def test_only_the_answer_is_learned():
    tokenizer = build_tokenizer(STATEMENTS, PAIRS)
    ids, start = dialogue(PAIRS[0], tokenizer)
    assert tokenizer.decode(ids[:start]) == (
        "User : What pet does Ada have ? Assistant :"
    )
    assert tokenizer.decode(ids[start:]) == "Ada has a dog ."
    assert (ids[0], ids[-1]) == (0, 0)
    assert list(ids[:start]) == prompt_ids(PAIRS[0].question, tokenizer)
    assert 1 not in ids  # nothing is unknown


def test_packed_texts_are_each_there_once():
    rng = np.random.default_rng(0)
    texts = [[n] * (n % 4 + 1) for n in range(2, 40)]
    found = packed(texts, 3, rng)
    flat = [i for each in found for i in each.token_ids[1:-1]]
    assert sorted(flat) == sorted(i for text in texts for i in text)
    assert {each.token_ids[0] for each in found} == {0}
    assert max(len(set(each.token_ids)) for each in found) <= 4


def test_the_world_asks_in_test_what_it_never_asks_in_train():
    data = world_data()
    assert (len(data.train), len(data.test)) == (789, 153)
    asked = {pair.question for pair in data.train}
    assert not any(pair.question in asked for pair in data.test)
    said = set(data.statements)
    assert all(pair.answer in said for pair in data.test)


def test_new_wordings_are_new_and_hold_no_new_word():
    data, pairs = world_data(), reworded()
    tokenizer = build_tokenizer(data.statements, data.train)
    asked = {pair.question for pair in [*data.train, *data.test]}
    assert len(pairs) == 32 * 8 == len({pair.question for pair in pairs})
    assert not any(pair.question in asked for pair in pairs)
    assert all(1 not in tokenizer.encode(pair.question) for pair in pairs)
    answers = {pair.question: pair.answer for pair in pairs}
    assert answers["What animal does Olivia have?"] == "Olivia has a hedgehog."


def test_holds_and_tidy():
    assert holds("Ada lives by the sea .", "by the sea")
    assert not holds("Ada is eleven", "eleve")
    assert tidy("Ada ' s cat , no ?") == "Ada's cat, no?"


def lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_own_files_are_read(tmp_path):
    path = lines(tmp_path / "a.jsonl", {"text": "Ada has a dog.", "x": 1})
    assert read_statements(path) == ["Ada has a dog."]
    path = lines(
        tmp_path / "b.jsonl",
        {"question": "Who?", "answer": "Ada."},
        {"question": "What?", "answer": "A dog.", "value": "dog"},
    )
    assert read_pairs(path) == [
        Pair("Who?", "Ada.", "Ada."),
        Pair("What?", "A dog.", "dog"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"question": "a", "answer": "b"}\n\n{"question": "a"}\n',
         "line 3 of .* has no column 'answer', it has question"),
        ('{"question": "a", "answer": 3}\n',
         "'answer' must be a string, in line 1 of .* it is int"),
        ('{"question": " ", "answer": "b"}\n',
         "'question' must hold text, in line 1 of .* it is empty"),
        ('{"question": "a", "answer": "b", "value": ""}\n',
         "'value' must hold text, in line 1"),
        ('{"question": "a", "answer": "b"}\n{oh\n',
         "line 2 of .* must be JSON, at column 2"),
        ("[1]\n", "line 1 of .* must be a JSON object"),
        ("\n", "a file must hold a row, .* has none"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(tmp_path, text, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_pairs(path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.jsonl, got a\.txt"):
        read_rows(tmp_path / "a.txt", ["text"])
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_rows(tmp_path / "a.jsonl", ["text"])


@pytest.mark.parametrize(
    ("data", "change", "message"),
    [
        (DATA._replace(statements=[]), {}, "data must have statements, got n"),
        (DATA._replace(train=[]), {}, "data must have train, got none"),
        (DATA, {"context_length": 15}, r"\(15\) must hold the longest stat"),
        (DATA, {"context_length": 16, "pack": 1}, r"longest dialogue, 18"),
        (DATA, {"pack": 0}, "pack must be at least 1, got 0"),
        (DATA, {"mix": -1.0}, "mix must be at least 0, got -1"),
    ],
)
def test_refuses(data, change, message):
    with pytest.raises(ValueError, match=message):
        ChatRun(data, ChatConfig(**change))


def invoke(*arguments, **more):
    return CliRunner().invoke(
        app, ["numpy-chat", *map(str, arguments)], **more
    )


def files(tmp_path):
    facts = lines(tmp_path / "f.jsonl", *({"text": s} for s in STATEMENTS))
    pairs = lines(tmp_path / "d.jsonl", *(p._asdict() for p in PAIRS[:5]))
    held = lines(tmp_path / "t.jsonl", PAIRS[5]._asdict())
    return ("--facts", facts, "--dialogues", pairs, "--test", held)


def settings():
    return [f"--set={name}={value}" for name, value in QUICK.items()]


def test_one_command_does_it_all(tmp_path):
    """Own data, both phases stored, answers before and after, then a chat."""
    result = invoke(
        "train", "--out", tmp_path / "out", *files(tmp_path), *settings(),
        input="What pet does Ada have?\nA zebra?\n\nexit\nnever read\n",
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    out = result.stdout
    for text in (
        "6 statements, 5 dialogues",
        "before training (never asked in training):",
        "pretraining, epoch 60 of 60",
        "after pretraining, stored in",
        "after tuning, stored in",
        "asked in training: ",
        "never asked in training: ",
        "(not in my vocabulary: A, zebra)",
    ):
        assert text in out
    assert out.count("model: ") == 2  # nothing after exit
    again = invoke("talk", "--model", tmp_path / "out", input="exit\n")
    assert (again.exit_code, again.stderr) == (0, "")
    first = invoke(
        "talk", "--model", tmp_path / "out" / "1-pretrained", input="A?\n"
    )  # the end of the input ends it, too
    assert first.exit_code == 0 and "model: " in first.stdout
    taken = invoke("train", "--out", tmp_path / "out", *files(tmp_path))
    assert taken.exit_code == 1
    assert "1-pretrained exists; use --force" in taken.stderr


def test_exit_through_a_pipe_and_no_torch(tmp_path):
    trained = invoke(
        "train", "--out", tmp_path / "out", "--no-talk", *files(tmp_path),
        *settings(),
    )  # fmt: skip
    assert trained.exit_code == 0 and "you:" not in trained.stdout
    code = (
        "import sys; sys.argv = ['companion', 'numpy-chat', 'talk', "
        f"'--model', {str(tmp_path / 'out')!r}]\n"
        "from companion.cli import app\n"
        "try:\n    app()\n"
        "finally:\n    print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="What pet?\nexit\nWho?\n",
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.count("model: ") == 1
    assert done.stdout.endswith("False\n")


def test_the_command_refuses(tmp_path):
    facts = files(tmp_path)[:2]
    result = invoke("train", "--out", tmp_path / "out", *facts)
    assert result.exit_code == 1
    assert "own data need both: --facts and --dialogues" in result.stderr
    result = invoke("talk", "--model", tmp_path / "none")
    assert result.exit_code == 1 and "there is no file" in result.stderr
