from __future__ import annotations

import gzip
import io
import lzma
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.files.plain_stream import (
    BROKEN,
    MAX_HEADER_BYTES,
    Compression,
    PlainStream,
    TooMuch,
    entries,
)

DATA = bytes(range(256)) * 3000 + bytes(500_000)


def read(content: bytes, *, max_bytes: int = 10**7) -> bytes:
    return b"".join(PlainStream(io.BytesIO(content), max_bytes=max_bytes).blocks(10**12))


@pytest.mark.parametrize(
    ("content", "compression"),
    [
        (DATA, Compression.PLAIN),
        (gzip.compress(DATA), Compression.GZIP),
        (gzip.compress(DATA[:7]) + gzip.compress(DATA[7:]), Compression.GZIP),
        (gzip.compress(DATA) + b"\0" * 20_000, Compression.GZIP),
        (lzma.compress(DATA), Compression.XZ),
        (lzma.compress(DATA[:7]) + bytes(8) + lzma.compress(DATA[7:]), Compression.XZ),
    ],
    ids=["plain", "gzip", "two gzip streams", "padded gzip", "xz", "two xz streams"],
)
def test_the_bytes_come_out_whatever_they_are_compressed_with(content, compression):
    assert PlainStream(io.BytesIO(content), max_bytes=1).compression is compression
    assert read(content) == DATA


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=20), st.sampled_from([gzip.compress, lzma.compress]))
def test_any_streams_one_after_another_are_one(parts, compress):
    assert read(b"".join(map(compress, parts))) == b"".join(parts)


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
@pytest.mark.parametrize("cut", [1, 8, 200])
def test_a_file_that_was_cut_is_told_from_a_whole_one(compress, cut):
    with pytest.raises(BROKEN):
        read(compress(DATA)[:-cut])


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_a_changed_byte_is_found(compress):
    content = bytearray(compress(bytes(range(256)) * 50))
    content[len(content) // 2] ^= 1
    with pytest.raises(BROKEN):
        read(bytes(content))


def test_no_more_comes_out_than_may():
    assert len(read(gzip.compress(bytes(10**6)), max_bytes=10**6)) == 10**6
    with pytest.raises(TooMuch):
        read(gzip.compress(bytes(10**6)), max_bytes=10**6 - 1)


def test_a_file_of_empty_streams_ends_soon():
    with pytest.raises(EOFError, match="empty streams"):
        read(gzip.compress(b"") * 10_000)


def test_xz_that_asks_for_much_memory_is_refused():
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**29}]
    with pytest.raises(lzma.LZMAError, match="Memory usage limit"):
        read(lzma.compress(b"x", filters=filters))


def test_it_only_goes_forward():
    stream = PlainStream(io.BytesIO(DATA), max_bytes=10**7)
    assert stream.seek(300) == stream.tell() == 300
    assert stream.read(4) == DATA[300:304]
    with pytest.raises(ValueError, match="before the last one"):
        stream.seek(10)


def test_a_header_of_any_length_is_not_read():
    with pytest.raises(ValueError, match="a header of"):
        PlainStream(io.BytesIO(DATA), max_bytes=10**7).read(MAX_HEADER_BYTES + 1)


def test_entries_are_forgotten_and_sizes_below_zero_refused():
    first, second = tarfile.TarInfo("a"), tarfile.TarInfo("b")
    second.type, second.size = tarfile.DIRTYPE, -5
    content = b"".join(entry.tobuf(tarfile.GNU_FORMAT) for entry in (first, second)) + bytes(1024)
    with tarfile.open(fileobj=PlainStream(io.BytesIO(content), max_bytes=10**7), mode="r:") as archive:
        found = entries(archive)
        assert next(found).name == "a"
        with pytest.raises(tarfile.ReadError, match="negative size"):
            next(found)
        assert archive.members == []
