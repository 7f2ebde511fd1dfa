"""Results are whole or absent, and nothing that exists is lost."""

import errno
import os
import stat

import pytest

from deepdream_av.errors import InputError, OutputError, UsageError
from deepdream_av.media.files import check_output, check_source, writing

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_complete_file_takes_its_name_and_nothing_else_stays(tmp_path):
    with writing(tmp_path / "a.png") as part:
        assert part.parent == tmp_path and part.suffix == ".png" and part.name.startswith(".")
        assert not (tmp_path / "a.png").exists()
        part.write_bytes(b"whole")
    assert names(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"whole"


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_as_it_was(tmp_path, failure):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    with pytest.raises(failure), writing(target, force=True) as part:
        part.write_bytes(b"half")
        raise failure()
    assert names(tmp_path) == ["a.png"] and target.read_bytes() == b"old"


def test_an_existing_file_is_kept_without_force_and_replaced_with_it(tmp_path):
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")
    target.chmod(0o640)
    with pytest.raises(OutputError, match="--force"), writing(target):
        pass
    assert target.read_bytes() == b"old"
    with writing(target, force=True) as part:
        part.write_bytes(b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "a.wav"
    with pytest.raises(OutputError, match="exists"), writing(target) as part:
        part.write_bytes(b"mine")
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs" and names(tmp_path) == ["a.wav"]


def test_new_files_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with writing(tmp_path / "a.png") as part:
            part.write_bytes(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640


@pytest.mark.parametrize("link", ["same", "dotted", "symbolic", "hard"])
def test_the_source_is_never_replaced(tmp_path, link):
    source = tmp_path / "film.mp4"
    source.write_bytes(b"precious")
    output = {"same": source, "dotted": tmp_path / "." / "film.mp4"}.get(link, tmp_path / "other.mp4")
    if link == "symbolic":
        output.symlink_to(source)
    elif link == "hard":
        os.link(source, output)
    with (
        pytest.raises(OutputError, match="differ from the source"),
        writing(output, force=True, source=source),
    ):
        pass
    assert source.read_bytes() == b"precious"


def test_a_link_stays_a_link_and_its_target_gets_the_result(tmp_path):
    (tmp_path / "real.png").write_bytes(b"old")
    link = tmp_path / "link.png"
    link.symlink_to("real.png")
    with writing(link, force=True) as part:
        part.write_bytes(b"new")
    assert link.is_symlink() and (tmp_path / "real.png").read_bytes() == b"new"


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="no /dev/null here")
def test_devices_are_not_replaced():
    with pytest.raises(OutputError, match="regular file"):
        check_output("/dev/null", force=True)
    with pytest.raises(InputError, match="regular file"):
        check_source("/dev/null")


@pytest.mark.parametrize(
    "bad, words",
    [
        ("folder", "folder"),
        ("absent/a.png", "folder does not exist"),
        ("n" * 300 + ".png", "cannot be written"),
    ],
)
def test_impossible_places_are_told_before_any_work(tmp_path, bad, words):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=words) as error:
        check_output(tmp_path / bad)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(ROOT, reason="the superuser may write anywhere")
def test_a_closed_folder_is_told(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="permission"):
        check_output(tmp_path / "closed" / "a.png")


def test_circular_links_are_told(tmp_path):
    (tmp_path / "a.png").symlink_to("b.png")
    (tmp_path / "b.png").symlink_to("a.png")
    with pytest.raises((OutputError, InputError)):
        check_output(tmp_path / "a.png", force=True)
    with pytest.raises(InputError):
        check_source(tmp_path / "a.png")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, number):
    with pytest.raises(OutputError, match="disk is full"), writing(tmp_path / "a.mp4") as part:
        part.write_bytes(b"half")
        raise OSError(number, os.strerror(number))
    assert names(tmp_path) == []


def test_errors_name_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(OutputError) as error, writing(tmp_path / "a.mp4") as part:
        raise OutputError(f"'{part}' cannot be written ({part.name}).")
    assert str(error.value) == f"'{tmp_path / 'a.mp4'}' cannot be written (a.mp4)."


def test_other_errors_are_not_disguised(tmp_path):
    with pytest.raises(OSError) as error, writing(tmp_path / "a.mp4"):
        raise OSError(errno.EIO, "reading failed")
    assert error.value.errno == errno.EIO


def test_sources_that_cannot_be_dreamt(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "holiday.mp4").write_bytes(b"x")
    assert check_source(tmp_path / "holiday.mp4") == tmp_path / "holiday.mp4"
    with pytest.raises(InputError, match="empty"):
        check_source(tmp_path / "empty.mp4")
    with pytest.raises(InputError, match="folder"):
        check_source(tmp_path)
    with pytest.raises(InputError, match="Did you mean '.*holiday.mp4'"):
        check_source(tmp_path / "holliday.mp4")
    for name in ("", "-", "a\0b"):
        with pytest.raises(UsageError):
            check_source(name)
