import pytest

from companion.training.log import Log, read_log


def test_round_trip_and_append(tmp_path):
    path = tmp_path / "log.jsonl"
    with Log(path) as log:
        log.write({"step": 1, "loss": 2.5})
    with Log(path, after=1) as log:
        log.write({"step": 2, "loss": 2.25})
    assert [e["loss"] for e in read_log(path)] == [2.5, 2.25]


def test_what_comes_again_is_dropped(tmp_path):
    path = tmp_path / "log.jsonl"
    with Log(path) as log:
        for step in range(1, 6):
            log.write({"step": step, "loss": 1.0})
    with Log(path, after=3) as log:
        log.write({"step": 4, "loss": 9.0})
    assert [e["step"] for e in read_log(path)] == [1, 2, 3, 4]
    assert read_log(path)[-1]["loss"] == 9.0


def test_half_a_line_is_passed_over(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1}\n{"ste')
    assert read_log(path) == [{"step": 1}]
    with Log(path, after=1) as log:
        log.write({"step": 2})
    assert [e["step"] for e in read_log(path)] == [1, 2]


def test_no_file_is_no_entry(tmp_path):
    assert read_log(tmp_path / "log.jsonl") == []


@pytest.mark.parametrize("line", ["nonsense", "[1]", '{"loss": 1}'])
def test_refuses_what_is_no_entry(tmp_path, line):
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"step": 1}}\n{line}\n')
    with pytest.raises(ValueError, match="line 2 must be a JSON object with"):
        read_log(path)
