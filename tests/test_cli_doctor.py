"""`companion doctor`; the package's own report is the referee."""

import json

from typer.testing import CliRunner

from companion.cli import app
from companion.machine import cpu, doctor


def test_matches_the_report():
    """All that stays the same between two examinations is printed."""
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    moving = ("memory", "disk")
    ours = [
        line
        for line in str(doctor()).splitlines()
        if not line.startswith(moving)
    ]
    assert [
        line
        for line in result.stdout.splitlines()
        if not line.startswith(moving)
    ] == ours


def test_json_is_for_programs():
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 0
    values = json.loads(result.stdout)
    assert values["cpu"]["model"] == cpu().model
    assert set(values) == set(doctor().to_dict())


def test_is_listed():
    result = CliRunner().invoke(app, ["--help"])
    assert "doctor" in result.stdout
