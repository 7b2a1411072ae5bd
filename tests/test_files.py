import pytest

from companion.files import remove_unfinished, write_atomically


def test_writes_the_whole_file_under_its_name(tmp_path):
    target = tmp_path / "a.txt"
    with write_atomically(target, mode="w") as file:
        file.write("один\n")
        assert not target.exists()
    assert target.read_bytes() == "один\n".encode()
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with (
        pytest.raises(RuntimeError, match="stopped"),
        write_atomically(target, overwrite=True) as file,
    ):
        file.write(b"half of the new")
        raise RuntimeError("stopped")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_refuses_to_overwrite_by_surprise(tmp_path):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with (
        pytest.raises(FileExistsError, match="pass overwrite=True"),
        write_atomically(target),
    ):
        pass
    assert target.read_bytes() == b"old"


def test_names_a_missing_folder(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match="does not exist"),
        write_atomically(tmp_path / "none" / "a.bin"),
    ):
        pass


def test_respects_the_umask(tmp_path):
    plain, atomic = tmp_path / "plain", tmp_path / "atomic"
    plain.write_bytes(b"")
    with write_atomically(atomic):
        pass
    assert atomic.stat().st_mode == plain.stat().st_mode


def test_removes_what_a_killed_writer_left(tmp_path):
    (tmp_path / ".a.json.x1.part").write_text("half")
    (tmp_path / "a.json").write_text("whole")
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    remove_unfinished(tmp_path / "missing")
