"""Settings that travel: to a file, back again, and changed by name.

A config is a frozen dataclass whose fields are bool, int, float, str,
Literal[...], tuple[...], another such dataclass, or any of these `| None`.

Chapter: book/2-environment/5-working-habits.ipynb
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin
from typing import get_type_hints as hints_of

from companion.files import write_atomically

T = TypeVar("T")
WORDS = {"true": True, "false": False, "none": None}


def to_dict(config: Any) -> dict[str, Any]:
    """Turn a config into plain values that JSON can hold.

    Raises:
        ValueError: a field's value is not of the field's type.
    """
    values = {}
    for name in _names(type(config)):
        value = getattr(config, name)
        values[name] = to_dict(value) if is_dataclass(value) else value
    from_dict(type(config), values)
    return values


def from_dict(cls: type[T], values: Mapping[str, Any], at: str = "") -> T:
    """Make a config of plain values, every field named and well typed.

    Args:
        cls: the config's class.
        values: one value a field; a mapping for a config inside.
        at: what to write before names in errors, as "model.".

    Returns:
        The config.

    Raises:
        ValueError: a key is unknown or missing, or its value is of a wrong
            type; or the class itself refuses the values.
    """
    _refuse_unknown(cls, values, at)
    missing = [at + name for name in _names(cls) if name not in values]
    if missing:
        raise ValueError(f"missing in {cls.__name__}: {', '.join(missing)}")
    kinds = hints_of(cls)
    return cls(**{k: _check(v, kinds[k], at + k) for k, v in values.items()})


def save_config(
    config: Any, path: str | os.PathLike, *, overwrite: bool = False
) -> None:
    """Write a config as JSON that a person can read.

    Raises:
        ValueError: a field's value is not of the field's type.
        FileExistsError: `path` exists and `overwrite` is False.
    """
    text = json.dumps(to_dict(config), indent=2, ensure_ascii=False)
    with write_atomically(path, mode="w", overwrite=overwrite) as file:
        file.write(text + "\n")


def load_config(cls: type[T], path: str | os.PathLike) -> T:
    """Read a config that `save_config` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no JSON object; a key is unknown, missing,
            there twice, or its value is of a wrong type.
    """
    try:
        values = json.loads(
            Path(path).read_text(encoding="utf-8"),
            object_pairs_hook=_without_repeats,
        )
        if not isinstance(values, dict):
            raise ValueError(f"a config is a JSON object, got {values!r}")
        return from_dict(cls, values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def override(config: T, settings: Sequence[str]) -> T:
    """Change fields by name, each read as the type of its annotation.

    All changes happen at once, so two fields that must agree can change
    together.

    Args:
        config: stays as it is.
        settings: as "lr=0.01", "model.n_layers=4", "sizes=1,2", "clip=none".

    Returns:
        A new config.

    Raises:
        ValueError: a setting is not of the form name=value, is given
            twice, names no field, or has a value of a wrong type.
    """
    changes: dict[str, str] = {}
    for setting in settings:
        name, equals, text = map(str.strip, setting.partition("="))
        if not equals or not name:
            raise ValueError(
                f"an override is written name=value, got {setting!r}"
            )
        if name in changes:
            raise ValueError(f"{name} is given twice")
        changes[name] = text
    return _change(config, changes, "")


def difference(there: Mapping, here: Mapping, at: str = "") -> str | None:
    """Say the first value of `here` that `there` has otherwise, if any.

    Both are plain values, as JSON holds them; mappings are looked into.
    """
    for name, value in here.items():
        known = there.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            if found := difference(known, value, f"{at}{name}."):
                return found
        elif known != value:
            return f"{at}{name} is {known!r}, here it is {value!r}"
    return None


def _change(config: T, changes: dict[str, str], at: str) -> T:
    """Apply texts to the fields of a config and of the configs inside."""
    kinds = hints_of(type(config))
    inside: dict[str, dict[str, str]] = {}
    new: dict[str, Any] = {}
    for name, text in changes.items():
        first, dot, rest = name.partition(".")
        _refuse_unknown(type(config), [first], at)
        if dot:
            inside.setdefault(first, {})[rest] = text
        else:
            read = _read(text, kinds[first])
            new[first] = _check(read, kinds[first], at + first)
    for name, texts in inside.items():
        value = new.get(name, getattr(config, name))
        if not is_dataclass(value):
            raise ValueError(f"{at + name} is {value!r}, with no fields")
        new[name] = _change(value, texts, f"{at}{name}.")
    return replace(config, **new)


def _read(text: str, kind: Any) -> Any:
    """Read a text as the type asks; what cannot be read stays a text."""
    for arm in _arms(kind):
        origin, inside = get_origin(arm), get_args(arm)
        if origin is Literal:
            return {str(choice): choice for choice in inside}.get(text, text)
        if origin is tuple:
            parts = text.strip("()[]").strip(",").split(",")
            if inside[-1] is Ellipsis or len(inside) != len(parts):
                inside = inside[:1] * len(parts)
            pairs = zip(map(str.strip, parts), inside, strict=True)
            return [_read(part, kind) for part, kind in pairs if part]
        if arm in (NoneType, bool) and type(WORDS.get(text, text)) is arm:
            return WORDS[text]
        if arm in (int, float):
            with suppress(ValueError):
                return arm(text)
    return text


def _check(value: Any, kind: Any, name: str) -> Any:
    """Return a value if it is of the type, else say what it should be."""
    arms = _arms(kind)
    for arm in arms:
        if is_dataclass(arm) and isinstance(value, Mapping):
            return from_dict(arm, value, f"{name}.")
        if get_origin(arm) is Literal:
            choices = [(type(a), a) for a in get_args(arm)]
            if (type(value), value) in choices:
                return value
        elif get_origin(arm) is tuple and isinstance(value, list | tuple):
            return _check_items(value, get_args(arm), arm, name)
        elif arm is float and type(value) in (int, float):
            if math.isfinite(value):
                return value if int in arms else float(value)
        elif arm in (NoneType, bool, int, str) and type(value) is arm:
            return value
    raise ValueError(f"{name} must be {_describe(kind)}, got {value!r}")


def _check_items(
    items: Sequence, kinds: tuple, arm: Any, name: str
) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(items)
    if len(kinds) != len(items):
        raise ValueError(f"{name} must be {_describe(arm)}, got {items!r}")
    triples = zip(items, kinds, range(len(items)), strict=True)
    return tuple(_check(i, kind, f"{name}[{n}]") for i, kind, n in triples)


def _arms(kind: Any) -> tuple[Any, ...]:
    """List the types a field may have."""
    return (
        get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    )


def _describe(kind: Any) -> str:
    """Say a type in the words of its annotation."""
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(repr, get_args(kind)))
    if kind is float:
        return "a finite float"
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _names(cls: type) -> list[str]:
    return [field.name for field in fields(cls) if field.init]


def _refuse_unknown(cls: type, keys: Iterable[str], at: str) -> None:
    unknown = [at + key for key in keys if key not in _names(cls)]
    if unknown:
        raise ValueError(
            f"unknown in {cls.__name__}: {', '.join(unknown)}; "
            f"there are {', '.join(at + name for name in _names(cls))}"
        )


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({n for n in names if names.count(n) > 1})
        raise ValueError(f"given twice: {', '.join(twice)}")
    return values
