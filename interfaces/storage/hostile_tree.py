"""Taking files out of a folder that a container wrote, without trusting anything in it.

A component may leave a symbolic link to one of our files, a named pipe that never ends, a device, a file of a terabyte
that takes no disk, a million files, or names that break a terminal. Paths are walked component by component with
``openat`` and ``O_NOFOLLOW``, so no link is ever followed; only regular files come out, and only up to a bound.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from interfaces.errors import ValidationError

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a named pipe that took the file's place must not hang us.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_TAKEN_MODE = 0o644
_COPY_BYTES = 2**20
_FICLONE = 0x40049409
"""ioctl that shares a file's blocks on btrfs and XFS (linux/fs.h)."""

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFREG: "a file",
}


class TooLarge(ValidationError):
    """A file, or the files of a folder together, are larger than what is taken.

    Attributes:
        relative_path: Which one.
        size_bytes: How large it is.
        max_bytes: What is taken at most.
    """

    def __init__(self, relative_path: str, *, size_bytes: int, max_bytes: int) -> None:
        self.relative_path, self.size_bytes, self.max_bytes = relative_path, size_bytes, max_bytes
        super().__init__(f"'{relative_path}' is too large: {size_bytes:,} bytes, and at most {max_bytes:,} are taken")


class HostileTree:
    """A folder written by a container."""

    def __init__(self, root: Path, *, writers_gone: bool = False) -> None:
        """Look at a folder.

        Args:
            root: The folder; its own path is ours and trusted.
            writers_gone: The container has ended and the folder will be thrown away. Then a file may be moved out
                instead of copied. While a container lives, it could hold a moved file open and change it later.
        """
        self._root = root
        self._writers_gone = writers_gone

    def exists(self, relative_path: str) -> bool:
        """Whether anything stands at a path, be it something that will be refused.

        Args:
            relative_path: POSIX, below the root.
        """
        *parents, name = _parts(relative_path)
        try:
            with self._folder(parents, relative_path) as folder:
                os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        except ValidationError:
            return True
        return True

    def take_file(self, relative_path: str, into: Path, *, max_bytes: int) -> Path:
        """Take one regular file.

        Args:
            relative_path: POSIX, below the root.
            into: A folder of ours; the file gets the same name in it, which must be free.
            max_bytes: Refuse a larger one.

        Returns:
            The file: ours, with mode 0644, sharing nothing that the container could change.

        Raises:
            FileNotFoundError: Nothing stands there.
            TooLarge: It is larger than `max_bytes`.
            ValidationError: It, or a folder on the way, is a link, a device, or the like; the text says which.
        """
        *parents, name = _parts(relative_path)
        with self._folder(parents, relative_path) as folder:
            return self._take(folder, name, into / name, relative_path, max_bytes)

    def take_folder(self, relative_path: str, into: Path, *, max_bytes: int, max_entries: int) -> list[Path]:
        """Take the regular files directly in a folder; folders in it are passed over.

        Args:
            relative_path: POSIX, below the root.
            into: A folder of ours; the files get the same names in it, which must be free.
            max_bytes: Refuse if they are larger together.
            max_entries: Refuse if the folder has more entries.

        Returns:
            The files in the order of their names; empty for an empty folder.

        Raises:
            FileNotFoundError: Nothing stands there.
            TooLarge: They are larger than `max_bytes`.
            ValidationError: It is no folder, or anything in it is a link, a device, or the like, or files are only in
                folders below it.
        """
        taken: list[Path] = []
        left = max_bytes
        with self._folder(_parts(relative_path), relative_path) as folder:
            files, folders = _entries(folder, relative_path, max_entries)
            for name in files:
                inner = f"{relative_path}/{name}"
                try:
                    taken.append(self._take(folder, name, into / name, inner, left))
                except TooLarge as error:
                    size = max_bytes - left + error.size_bytes
                    raise TooLarge(relative_path, size_bytes=size, max_bytes=max_bytes) from error
                left -= taken[-1].stat().st_size
        if folders and not taken:
            raise ValidationError(
                f"'{relative_path}' has only folders in it ('{folders[0]}'); files must lie directly in it"
            )
        return taken

    @contextlib.contextmanager
    def _folder(self, parts: list[str], relative_path: str) -> Iterator[int]:
        """An open folder below the root."""
        number = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for depth, name in enumerate(parts, start=1):
                inner = _open(number, name, _FOLDER_FLAGS, "/".join(parts[:depth]), wanted="a folder")
                os.close(number)
                number = inner
            yield number
        finally:
            os.close(number)

    def _take(self, folder: int, name: str, target: Path, relative_path: str, max_bytes: int) -> Path:
        # Looked at before it is opened: opening a device can already do something.
        _refuse_irregular(os.stat(name, dir_fd=folder, follow_symlinks=False), relative_path)
        number = _open(folder, name, _FILE_FLAGS, relative_path, wanted="a file")
        try:
            facts = os.fstat(number)
            _refuse_irregular(facts, relative_path)
            if facts.st_size > max_bytes:
                raise TooLarge(relative_path, size_bytes=facts.st_size, max_bytes=max_bytes)
            if not (self._writers_gone and _moved(folder, name, number, facts, target)):
                _copy(number, target, facts.st_size)
        finally:
            os.close(number)
        return target


def _parts(relative_path: str) -> list[str]:
    parts = relative_path.split("/")
    if relative_path.startswith("/") or "\0" in relative_path or any(part in ("", ".", "..") for part in parts):
        raise ValidationError(f"the path '{_printable(relative_path)}' leaves its folder or is not in its plain form")
    return parts


def _entries(folder: int, relative_path: str, max_entries: int) -> tuple[list[str], list[str]]:
    """Names of files (anything but folders) and of folders, each sorted."""
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries, start=1):
            if count > max_entries:
                raise ValidationError(f"'{relative_path}' has more than {max_entries:,} entries")
            if _printable(entry.name) != entry.name:
                raise ValidationError(
                    f"'{relative_path}/{_printable(entry.name)}': the file's name must be printable UTF-8"
                )
            (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
    return sorted(files), sorted(folders)


def _printable(name: str) -> str:
    """A name with everything escaped that a terminal or a database could trip over."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in name
    )


def _open(folder: int, name: str, flags: int, relative_path: str, *, wanted: str) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError as error:
        mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        raise ValidationError(
            f"'{relative_path}' can't be read: the component gave it the permissions {mode:03o}; it must be readable"
        ) from error
    except FileNotFoundError:
        raise
    except OSError as error:
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        raise ValidationError(
            f"'{relative_path}' is {_kind(facts)} where {wanted} must be; a component must write regular files"
        ) from error


def _refuse_irregular(facts: os.stat_result, relative_path: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ValidationError(f"'{relative_path}' is {_kind(facts)}; a component must write regular files")


def _kind(facts: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(facts.st_mode), "of an unknown kind")


def _moved(folder: int, name: str, number: int, facts: os.stat_result, target: Path) -> bool:
    """Move a file to us, if nobody else can reach it under another name."""
    if facts.st_nlink != 1 or os.path.lexists(target):
        return False
    try:
        # Ours before it moves, so that it never lies in our folder with the component's owner or a set-user-id bit.
        os.fchown(number, os.geteuid(), os.getegid())
        os.fchmod(number, _TAKEN_MODE)
        os.rename(name, target, src_dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EROFS):
            return False
        raise
    return True


def _copy(source: int, target: Path, size: int) -> None:
    """Copy the first `size` bytes; holes stay holes."""
    number = os.open(target, _NEW_FILE_FLAGS, 0o600)
    try:
        try:
            fcntl.ioctl(number, _FICLONE, source)
        except OSError:
            _copy_segments(source, number, size)
        os.ftruncate(number, size)
        os.fchmod(number, _TAKEN_MODE)
    except BaseException:
        target.unlink()
        raise
    finally:
        os.close(number)


def _copy_segments(source: int, number: int, size: int) -> None:
    at = 0
    while at < size:
        try:
            at = os.lseek(source, at, os.SEEK_DATA)
            end = min(size, os.lseek(source, at, os.SEEK_HOLE))
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return
            raise
        while at < end:
            block = os.pread(source, min(_COPY_BYTES, end - at), at)
            if not block:
                return
            at += os.pwrite(number, block, at)
