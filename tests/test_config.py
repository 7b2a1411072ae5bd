"""Configs come back the same; json and dataclasses are the referees."""

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.config import (
    difference,
    from_dict,
    load_config,
    override,
    save_config,
    to_dict,
)


@dataclass(frozen=True, kw_only=True)
class Model:
    d_model: int = 8
    n_heads: int = 2
    kind: Literal["rnn", "lstm", 3] = "lstm"

    def __post_init__(self):
        if self.d_model % self.n_heads:
            raise ValueError(
                f"d_model ({self.d_model}) must be a multiple of "
                f"n_heads ({self.n_heads})"
            )

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads


@dataclass(frozen=True, kw_only=True)
class Train:
    lr: float = 0.1
    steps: int | None = None
    shuffle: bool = True
    name: str = "run"
    sizes: tuple[int, ...] = (1, 2)
    betas: tuple[float, float] = (0.9, 0.99)
    model: Model = field(default_factory=Model)
    teacher: Model | None = None


configs = st.builds(
    Train,
    lr=st.floats(allow_nan=False, allow_infinity=False),
    steps=st.none() | st.integers(),
    shuffle=st.booleans(),
    name=st.text(st.characters(exclude_categories=["Cs"])),
    sizes=st.lists(st.integers()).map(tuple),
    betas=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    model=st.builds(Model, n_heads=st.sampled_from([1, 2, 4])),
    teacher=st.none() | st.builds(Model, kind=st.sampled_from(["rnn", 3])),
)


def test_matches_json_and_asdict(tmp_path):
    config = Train(teacher=Model(kind=3))
    save_config(config, tmp_path / "config.json")
    stored = json.loads((tmp_path / "config.json").read_text())
    assert stored == json.loads(json.dumps(asdict(config)))
    assert list(stored) == list(asdict(config))
    assert "d_head" not in stored["model"]


@given(configs)
def test_comes_back_the_same(tmp_path_factory, config):
    path = tmp_path_factory.mktemp("config") / "config.json"
    save_config(config, path)
    loaded = load_config(Train, path)
    assert loaded == config and type(loaded.sizes) is tuple


@given(configs)
def test_override_by_its_own_words_gives_the_same(config):
    values = to_dict(config)
    settings = [
        f"{name}={value}" for name, value in values.pop("model").items()
    ]
    settings = [f"model.{setting}" for setting in settings]
    for name in ("lr", "steps", "shuffle", "sizes", "betas"):
        settings.append(f"{name}={str(values[name]).lower()}")
    ours = override(Train(name=config.name, teacher=config.teacher), settings)
    assert ours == config


def test_refuses_to_overwrite_by_surprise(tmp_path):
    save_config(Train(), tmp_path / "a.json")
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        save_config(Train(), tmp_path / "a.json")
    save_config(Train(lr=1.0), tmp_path / "a.json", overwrite=True)
    assert load_config(Train, tmp_path / "a.json").lr == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 1}, "unknown in Train: rate; there are lr, steps, "),
        ({"model": {"depth": 1}}, "unknown in Model: model.depth"),
        ({"model": {"d_model": 8}}, "missing in Model: model.n_heads, "),
        ({"lr": "0.1"}, "lr must be a finite float, got '0.1'"),
        ({"lr": True}, "lr must be a finite float, got True"),
        ({"lr": float("nan")}, "lr must be a finite float, got nan"),
        ({"steps": 1.0}, r"steps must be int \| None, got 1.0"),
        ({"shuffle": 1}, "shuffle must be bool, got 1"),
        ({"name": None}, "name must be str, got None"),
        ({"sizes": [1, "2"]}, r"sizes\[1\] must be int, got '2'"),
        ({"sizes": 1}, r"sizes must be tuple\[int, ...\], got 1"),
        ({"betas": [0.9]}, r"betas must be tuple\[float, float\], got \[0.9"),
        ({"model": None}, "model must be Model, got None"),
    ],
)
def test_refuses_wrong_values_by_name(tmp_path, change, message):
    values = json.loads(json.dumps(to_dict(Train())))
    with pytest.raises(ValueError, match=message):
        from_dict(Train, values | change)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(values | change))
    with pytest.raises(ValueError, match=r"a\.json: "):
        load_config(Train, path)


def test_refuses_a_missing_key():
    values = to_dict(Train())
    del values["lr"], values["name"]
    with pytest.raises(ValueError, match="missing in Train: lr, name"):
        from_dict(Train, values)


def test_refuses_a_choice_that_is_not_there():
    values = to_dict(Model()) | {"kind": "gru"}
    with pytest.raises(ValueError, match="kind must be one of 'rnn', 'lstm'"):
        from_dict(Model, values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", r"a config is a JSON object, got \[1\]"),
        ("{", "Expecting property name"),
        ('{"lr": 1, "lr": 2}', "given twice: lr"),
    ],
)
def test_refuses_what_is_no_config(tmp_path, text, message):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"a.json: {message}"):
        load_config(Train, path)


def test_names_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        load_config(Train, tmp_path / "none.json")


def test_refuses_to_save_what_would_not_come_back(tmp_path):
    with pytest.raises(ValueError, match="lr must be a finite float"):
        save_config(Train(lr="0.1"), tmp_path / "a.json")
    assert not list(tmp_path.iterdir())


def test_override_changes_only_what_it_names():
    config = Train(teacher=Model())
    settings = ["lr = 1e-3", "model.kind=3", "steps=10", "betas=[0, 1]"]
    new = override(config, [*settings, "teacher=none", "sizes=4", "name=a=b"])
    assert new == Train(
        lr=0.001,
        model=Model(kind=3),
        steps=10,
        betas=(0.0, 1.0),
        sizes=(4,),
        name="a=b",
    )
    assert type(new.betas[0]) is float
    assert config == Train(teacher=Model())
    assert override(config, ["sizes="]).sizes == ()


def test_fields_that_must_agree_change_together():
    with pytest.raises(ValueError, match=r"d_model \(8\) must be a multiple"):
        override(Train(), ["model.n_heads=3"])
    new = override(Train(), ["model.n_heads=3", "model.d_model=9"])
    assert new.model == Model(n_heads=3, d_model=9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["lr"], "an override is written name=value, got 'lr'"),
        (["=3"], "an override is written name=value, got '=3'"),
        (["lr=1", "lr=2"], "lr is given twice"),
        (["rate=1"], "unknown in Train: rate; there are lr, steps"),
        (["model.n=1"], "unknown in Model: model.n; there are model.d_model"),
        (["model.n_heads=two"], "model.n_heads must be int, got 'two'"),
        (["lr=fast"], "lr must be a finite float, got 'fast'"),
        (["lr=inf"], "lr must be a finite float, got inf"),
        (["steps=1.5"], r"steps must be int \| None, got '1.5'"),
        (["shuffle=1"], "shuffle must be bool, got '1'"),
        (["sizes=1,x"], r"sizes\[1\] must be int, got 'x'"),
        (["betas=1,2,3"], r"betas must be tuple\[float, float\]"),
        (["model=3"], "model must be Model, got '3'"),
        (["lr.x=3"], "lr is 0.1, with no fields"),
        (["teacher.kind=rnn"], "teacher is None, with no fields"),
        (["model.kind=gru"], "model.kind must be one of 'rnn', 'lstm', 3"),
    ],
)
def test_refuses_overrides_by_name(settings, message):
    with pytest.raises(ValueError, match=message):
        override(Train(), settings)


@pytest.mark.parametrize(
    ("there", "here", "found"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"c": 2}}, None),
        ({"a": 1}, {"a": 2}, "a is 1, here it is 2"),
        ({}, {"a": "x"}, "a is None, here it is 'x'"),
        ({"b": {"c": 2}}, {"b": {"c": 3}}, "b.c is 2, here it is 3"),
        ({"b": 1}, {"b": {"c": 3}}, "b is 1, here it is {'c': 3}"),
    ],
)
def test_says_what_differs(there, here, found):
    assert difference(there, here) == found
