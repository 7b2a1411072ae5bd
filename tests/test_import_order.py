"""The package's rooms, and which may look into which."""

import ast
import re

from tools.project import ROOT


def rooms():
    """The order that CONTRIBUTING.md gives."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    order = re.search(r"in this order: (.*?)\.\n", text, re.DOTALL).group(1)
    return re.findall(r"`(\w+)`", order)


def room_of(path):
    return path.relative_to(ROOT / "companion").parts[0].removesuffix(".py")


def imported_rooms(path):
    """Rooms that a module imports from, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "companion":
                names = [f"companion.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("companion."):
                yield name.split(".")[1]


def modules():
    return sorted((ROOT / "companion").rglob("*.py"))


def test_every_room_has_a_place_in_the_order():
    found = {room_of(path) for path in modules()} - {"__init__"}
    assert found <= set(rooms())


def test_a_module_imports_only_from_rooms_above_its_own():
    order = {name: place for place, name in enumerate(rooms())}
    wrong = [
        f"{path.relative_to(ROOT)} imports {room}"
        for path in modules()
        for room in imported_rooms(path)
        if order[room] > order[room_of(path)]
    ]
    assert not wrong
