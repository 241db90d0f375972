"""Says which file its input is, reads none of it, and writes 1 GiB that no run wrote before."""

import json
import os
from pathlib import Path

SIZE = 2**30
PIECE = 2**20


def box(name, content=b""):
    return (8 + len(content)).to_bytes(4, "big") + name + content


def write_movie(path, size):
    """An MP4 file (ISO/IEC 14496-12): file type, a movie with an empty video track, and media data of random bytes."""
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    track = box(b"trak", box(b"tkhd", bytes(84)) + box(b"mdia", box(b"mdhd", bytes(24)) + handler))
    head = box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", box(b"mvhd", bytes(100)) + track)
    piece = os.urandom(PIECE)
    with Path(path).open("wb", buffering=0) as file:
        file.write(head + (8 + size).to_bytes(4, "big") + b"mdat")
        for _ in range(size // PIECE):
            file.write(piece)


if __name__ == "__main__":
    given = Path("/input/movie-in.mp4").stat()
    write_movie("/output/movie-out.mp4", SIZE)
    made = Path("/output/movie-out.mp4").stat()
    print(json.dumps({"input_inode": given.st_ino, "input_links": given.st_nlink, "output_inode": made.st_ino}))
