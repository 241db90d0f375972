"""Everything that a component may leave in its output folder."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from interfaces.errors import ValidationError
from interfaces.storage.hostile_tree import HostileTree, TooLarge

MB = 2**20
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def written(tmp_path):
    """The folder that a component wrote."""
    (tmp_path / "written").mkdir()
    return tmp_path / "written"


@pytest.fixture
def taken(tmp_path):
    """A folder of ours."""
    (tmp_path / "taken").mkdir()
    return tmp_path / "taken"


@pytest.fixture(params=[False, True], ids=["copied", "moved"])
def tree(written, request):
    return HostileTree(written, writers_gone=request.param)


@pytest.fixture
def secret(tmp_path):
    """A file that no component may get at."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("secret")
    return tmp_path / "secret/key"


def take(tree, path, taken, max_bytes=MB):
    return tree.take_file(path, taken, max_bytes=max_bytes)


def take_all(tree, path, taken, max_bytes=MB, max_entries=100):
    return tree.take_folder(path, taken, max_bytes=max_bytes, max_entries=max_entries)


def test_a_file_comes_out_with_its_content_and_a_mode_of_ours(tree, written, taken):
    (written / "a/b").mkdir(parents=True)
    (written / "a/b/result.json").write_text("{}")
    (written / "a/b/result.json").chmod(0o6777)
    out = take(tree, "a/b/result.json", taken)
    assert out == taken / "result.json"
    assert out.read_text() == "{}"
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    assert out.stat().st_uid == os.geteuid()


def test_a_file_of_megabytes_is_whole(tree, written, taken):
    data = os.urandom(3 * MB + 17)
    (written / "x").write_bytes(data)
    assert take(tree, "x", taken, 4 * MB).read_bytes() == data


def test_an_empty_file_is_one(tree, written, taken):
    (written / "x").touch()
    assert take(tree, "x", taken, 0).read_bytes() == b""


@pytest.mark.parametrize("path", ["x", "a/x", "a/b/c"])
def test_what_is_not_there_is_missing(tree, written, taken, path):
    (written / "a").mkdir()
    assert not tree.exists(path)
    with pytest.raises(FileNotFoundError):
        take(tree, path, taken)
    with pytest.raises(FileNotFoundError):
        take_all(tree, path, taken)


@pytest.mark.parametrize(
    "path", ["", ".", "..", "../secret/key", "a/../../secret/key", "/etc/passwd", "a//b", "a/./b", "a/", "a\0b"]
)
def test_a_path_that_is_not_plain_is_refused(tree, written, taken, secret, path):
    (written / "a").mkdir()
    for use in (tree.exists, lambda path: take(tree, path, taken), lambda path: take_all(tree, path, taken)):
        with pytest.raises(ValidationError, match="leaves its folder"):
            use(path)


def link_at(written, secret, depth):
    """A link to the secret's folder, or to itself, at one level of the path a/b/key."""
    (written / "/".join(["a", "b"][:depth])).mkdir(parents=True, exist_ok=True)
    place = written / "/".join(["a", "b", "key"][: depth + 1])
    target = secret if depth == 2 else secret.parent
    if depth == 0:
        (secret.parent / "b").mkdir()
        (secret.parent / "b/key").write_text("secret")
    place.symlink_to(target)
    return "/".join(["a", "b", "key"][: depth + 1])


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_symbolic_link_is_refused_at_every_level(tree, written, taken, secret, depth):
    name = link_at(written, secret, depth)
    assert (written / "a/b/key").read_text() == "secret"
    with pytest.raises(ValidationError, match=f"'{name}' is a symbolic link"):
        take(tree, "a/b/key", taken)
    assert tree.exists("a/b/key")
    assert list(taken.iterdir()) == []
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("target", ["missing", "/dev/zero", ".", "real"])
def test_any_symbolic_link_is_refused(tree, written, taken, target):
    (written / "real").write_text("mine")
    (written / "x").symlink_to(target)
    with pytest.raises(ValidationError, match="'x' is a symbolic link"):
        take(tree, "x", taken)


def test_a_link_in_place_of_a_folder_of_images_is_refused(tree, written, taken, secret):
    (written / "images").symlink_to(secret.parent)
    with pytest.raises(ValidationError, match="'images' is a symbolic link where a folder must be"):
        take_all(tree, "images", taken)


def test_a_link_among_images_is_refused(tree, written, taken, secret):
    (written / "images").mkdir()
    (written / "images/a.mha").touch()
    (written / "images/b.mha").symlink_to(secret)
    with pytest.raises(ValidationError, match=r"'images/b\.mha' is a symbolic link"):
        take_all(tree, "images", taken)


def test_a_named_pipe_is_refused_and_hangs_nothing(tree, written, taken):
    os.mkfifo(written / "x")
    with pytest.raises(ValidationError, match="'x' is a named pipe; a component must write regular files"):
        take(tree, "x", taken)
    with pytest.raises(ValidationError, match="'x' is a named pipe where a folder must be"):
        take(tree, "x/y", taken)


def test_a_socket_is_refused(tree, written, taken, monkeypatch):
    monkeypatch.chdir(written)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("x")
    with pytest.raises(ValidationError, match="'x' is a socket"):
        take(tree, "x", taken)


@is_root
@pytest.mark.parametrize(
    ("kind", "number"), [(stat.S_IFCHR, (1, 5)), (stat.S_IFCHR, (0, 0)), (stat.S_IFBLK, (7, 0))], ids=str
)
def test_a_device_is_refused(tree, written, taken, kind, number):
    os.mknod(written / "x", kind | 0o666, os.makedev(*number))
    with pytest.raises(ValidationError, match="'x' is a device"):
        take(tree, "x", taken)


def test_a_folder_in_place_of_a_file_is_refused(tree, written, taken):
    (written / "result.json").mkdir()
    with pytest.raises(ValidationError, match=r"'result\.json' is a folder"):
        take(tree, "result.json", taken)


def test_a_file_in_place_of_a_folder_is_refused(tree, written, taken):
    (written / "images").touch()
    with pytest.raises(ValidationError, match="'images' is a file where a folder must be"):
        take_all(tree, "images", taken)
    with pytest.raises(ValidationError, match="'images' is a file where a folder must be"):
        take(tree, "images/a.mha", taken)


def test_a_sparse_terabyte_is_refused_by_its_size(tree, written, taken):
    with (written / "x").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(TooLarge) as caught:
        take(tree, "x", taken)
    assert (caught.value.relative_path, caught.value.size_bytes, caught.value.max_bytes) == ("x", 2**40, MB)
    assert list(taken.iterdir()) == []


def test_holes_stay_holes(tree, written, taken):
    with (written / "x").open("wb") as file:
        file.write(b"start")
        file.seek(500 * MB)
        file.write(b"middle")
        file.truncate(900 * MB)
    out = take(tree, "x", taken, 1000 * MB)
    assert out.stat().st_size == 900 * MB
    assert out.stat().st_blocks * 512 < MB
    with out.open("rb") as file:
        assert file.read(6) == b"start\0"
        file.seek(500 * MB)
        assert file.read(7) == b"middle\0"


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
def test_the_bound_is_exact(tree, written, taken, size, fits):
    (written / "x").write_bytes(b"x" * size)
    if fits:
        assert take(tree, "x", taken, 1000).stat().st_size == size
    else:
        with pytest.raises(TooLarge):
            take(tree, "x", taken, 1000)


def test_a_file_with_two_names_is_copied_so_that_neither_changes_the_other(tree, written, taken):
    (written / "x").write_text("one")
    os.link(written / "x", written / "y")
    out = take(tree, "x", taken)
    (written / "y").write_text("changed")
    assert out.read_text() == "one"
    assert out.stat().st_nlink == 1


def test_while_the_container_lives_nothing_of_it_is_shared(written, taken):
    (written / "x").write_text("one")
    with (written / "x").open("r+") as held_open:
        out = HostileTree(written).take_file("x", taken, max_bytes=MB)
        held_open.write("two")
    assert out.read_text() == "one"
    assert (written / "x").exists()


def test_once_the_container_is_gone_a_file_is_moved(written, taken):
    (written / "x").write_text("one")
    number = (written / "x").stat().st_ino
    out = HostileTree(written, writers_gone=True).take_file("x", taken, max_bytes=MB)
    assert out.stat().st_ino == number
    assert not (written / "x").exists()


def test_a_file_that_we_have_already_is_not_overwritten(tree, written, taken):
    (written / "x").write_text("theirs")
    (taken / "x").write_text("ours")
    with pytest.raises(FileExistsError):
        take(tree, "x", taken)
    assert (taken / "x").read_text() == "ours"


def test_a_link_of_ours_is_not_written_through(tree, written, taken, secret):
    (written / "x").write_text("theirs")
    (taken / "x").symlink_to(secret)
    with pytest.raises(FileExistsError):
        take(tree, "x", taken)
    assert secret.read_text() == "secret"


@is_root
def test_root_takes_a_file_that_its_owner_closed(tree, written, taken):
    (written / "x").write_text("closed")
    os.chown(written / "x", 54321, 54321)
    (written / "x").chmod(0)
    out = take(tree, "x", taken)
    assert out.read_text() == "closed"
    assert (out.stat().st_uid, stat.S_IMODE(out.stat().st_mode)) == (0, 0o644)


@pytest.fixture
def open_folder():
    """A folder that every user can get to, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_user_is_told_why_a_closed_file_can_not_be_read(open_folder, taken):
    written = open_folder
    (written / "x").write_text("closed")
    (written / "x").chmod(0)
    (written / "folder").mkdir(mode=0)
    program = """if True:
        import os, sys
        from pathlib import Path
        from interfaces.errors import ValidationError
        from interfaces.storage.hostile_tree import HostileTree
        if os.geteuid() == 0: os.setresuid(12345, 12345, 12345)
        for path in ("x", "folder/y"):
            try: HostileTree(Path(sys.argv[1])).take_file(path, Path(sys.argv[2]), max_bytes=10)
            except ValidationError as error: print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", program, str(written), str(taken)], capture_output=True, text=True, check=False
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("'x' can't be read: the component gave it the permissions 000")
    assert second.startswith("'folder' can't be read: the component gave it the permissions 000")


def test_the_files_of_a_folder_come_out_in_the_order_of_their_names(tree, written, taken):
    (written / "images/mri/__pycache__").mkdir(parents=True)
    for name in ("b.raw", "a.mhd", "c"):
        (written / "images/mri" / name).write_text(name)
    out = take_all(tree, "images/mri", taken)
    assert out == [taken / "a.mhd", taken / "b.raw", taken / "c"]
    assert [path.read_text() for path in out] == ["a.mhd", "b.raw", "c"]


def test_an_empty_folder_has_no_files(tree, written, taken):
    (written / "images").mkdir()
    assert take_all(tree, "images", taken) == []


def test_files_one_folder_too_deep_are_not_passed_over_in_silence(tree, written, taken):
    (written / "images/mri").mkdir(parents=True)
    (written / "images/mri/a.mha").touch()
    with pytest.raises(ValidationError, match=r"'images' has only folders in it \('mri'\)"):
        take_all(tree, "images", taken)


def test_a_folder_of_very_many_files_is_refused_before_any_is_taken(tree, written, taken):
    (written / "images").mkdir()
    for number in range(2000):
        (written / f"images/{number}").touch()
    with pytest.raises(ValidationError, match="'images' has more than 100 entries"):
        take_all(tree, "images", taken)
    assert list(taken.iterdir()) == []
    assert len(take_all(tree, "images", taken, max_entries=2000)) == 2000


def test_the_files_of_a_folder_are_bounded_together(tree, written, taken):
    (written / "images").mkdir()
    for name in "abc":
        (written / "images" / name).write_bytes(b"x" * 400)
    with pytest.raises(TooLarge) as caught:
        take_all(tree, "images", taken, max_bytes=1000)
    assert (caught.value.relative_path, caught.value.size_bytes, caught.value.max_bytes) == ("images", 1200, 1000)


@pytest.mark.parametrize(
    "name", [b"caf\xe9.mha", b"line\nfeed", b"\x1b[31mred", "\u202egnp.mha".encode(), b"tab\t"], ids=repr
)
def test_a_name_that_could_fool_a_terminal_is_refused_and_shown_harmlessly(tree, written, taken, name):
    (written / "images").mkdir()
    with open(os.path.join(os.fsencode(written), b"images", name), "wb"):  # noqa: PTH118, PTH123
        pass
    with pytest.raises(ValidationError, match="must be printable UTF-8") as caught:
        take_all(tree, "images", taken)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["größe.mha", "脳.mha", "-rf", "a b", "x" * 250])
def test_an_unusual_name_is_fine(tree, written, taken, name):
    (written / "images").mkdir()
    (written / "images" / name).touch()
    assert take_all(tree, "images", taken) == [taken / name]


def test_what_exists_may_be_anything(tree, written):
    (written / "folder").mkdir()
    (written / "file").touch()
    (written / "link").symlink_to("nowhere")
    assert all(tree.exists(path) for path in ("folder", "file", "link", "link/x", "file/x"))
    assert not tree.exists("folder/x")
