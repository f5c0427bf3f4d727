"""A file in, its bytes out: decompressed, in UTF-8, a chunk at a time.

    file  ->  gzip | zstd | plain  ->  byte order mark off, UTF-16 and UTF-32
    recoded  ->  chunks  ->  split_lines()

Compression is recognised by its first bytes, never by the file's name. A file
that is cut or damaged gives all that stands before the damage, and `damage`
says what was met. Nothing here holds more than a chunk and one record.

Bytes are taken as they come. Of a file that is read ahead an empty chunk says
that nothing more has come yet.
"""

from __future__ import annotations

import codecs
import zlib
from typing import TYPE_CHECKING

from dedupe.errors import InputError
from dedupe.read.charsets import marked_charset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dedupe.read.ledger import Limits

    Read = Callable[[int], bytes | None]
    """Returns up to so many bytes as they have come, b"" at the end; None where none have yet."""

# Bytes read at once, and the most that is read of a first line to know a form by.
_CHUNK = 1 << 18
# Bytes by which a form is known: the longest sign, ARROW1, and two more.
_MAGIC = 8
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGICS = (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + n, 0x2A, 0x4D, 0x18)) for n in range(16)))
_ZSTD_SLICE = 1 << 11
"""A zstd block of 4 bytes may stand for 128 KiB, so 2 KiB give at most 64 MiB at once."""


class _DamageError(Exception):
    """The rest of the stream cannot be read; the message says why."""


class ByteStream:
    """The decompressed bytes of an open file; iterate over it once.

    Args:
        read: of the file.
        name: for messages.
        limits: `expansion` and `expanded_bytes` bound what it may grow to.
        on_bytes: called with the number of bytes as they are taken from the file.

    Attributes:
        n_raw: bytes taken from the file so far.
        magic: the first bytes of the file as it lies on disk.
        head: the first chunk, decompressed and in UTF-8, or several, until there is a
            line; iteration gives it again.
        damage: after iteration, why the stream ended early, or None.
    """

    def __init__(
        self, read: Read, name: str, limits: Limits, on_bytes: Callable[[int], None]
    ) -> None:
        self._read = read
        self._name = name
        self._limits = limits
        self._on_bytes = on_bytes
        self.n_raw = 0
        self._n_expanded = 0
        self.damage: str | None = None
        self._met: str | None = None
        first = self._first()
        self.magic = first[:_MAGIC]
        self._chunks = self._guarded(first)
        self.head = self._head()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks, `head` first."""
        if self.head:
            yield self.head
        yield from self._chunks
        self.damage = self._met

    def whole(self) -> bytes | None:
        """Return all bytes at once, or None when they pass the limit of a record."""
        held, size = [], 0
        for chunk in self:
            size += len(chunk)
            if size > self._limits.record_bytes:
                return None
            held.append(chunk)
        return b"".join(held)

    def _first(self) -> bytes:
        """Return enough to know a form by, or all there is: a pipe may give less at first."""
        first = b""
        while len(first) < _MAGIC and (more := self._take()) != b"":
            first += more or b""
        return first

    def _head(self) -> bytes:
        head = b""
        for chunk in self._chunks:
            head += chunk
            if len(head) >= _CHUNK or b"\n" in head.lstrip():
                break
        return head

    def _take(self) -> bytes | None:
        try:
            data = self._read(_CHUNK)
        except OSError as error:
            raise InputError(f"{self._name}: cannot be read ({error.strerror})") from error
        if data:
            self.n_raw += len(data)
            self._on_bytes(len(data))
        return data

    def _raw(self, first: bytes) -> Iterator[bytes]:
        chunk: bytes | None = first
        while chunk != b"":
            yield chunk or b""
            chunk = self._take()

    def _guarded(self, first: bytes) -> Iterator[bytes]:
        try:
            yield from _in_utf8(self._expanded(first))
        except _DamageError as damage:
            self._met = str(damage)

    def _expanded(self, first: bytes) -> Iterator[bytes]:
        if first.startswith(_GZIP_MAGIC):
            yield from map(self._counted, _gunzip(self._raw(first)))
        elif first.startswith(_ZSTD_MAGICS):
            yield from map(self._counted, _unzstd(self._raw(first)))
        else:
            yield from self._raw(first)

    def _counted(self, piece: bytes) -> bytes:
        self._n_expanded += len(piece)
        grown = self._n_expanded > self._limits.expansion * self.n_raw
        if grown and self._n_expanded > self._limits.expanded_bytes:
            raise _DamageError(
                f"expands more than {self._limits.expansion}-fold; the rest was not read"
            )
        return piece


def _gunzip(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Inflate the members of a gzip file; padding of zeros between them is dropped."""
    inflater = zlib.decompressobj(31)
    started = False
    try:
        for chunk in raw:
            data = chunk
            if not chunk:
                yield chunk
            while data:
                if not started:
                    data = data.lstrip(b"\0")
                    started = bool(data)
                piece = inflater.decompress(data, _CHUNK)
                if piece:
                    yield piece
                data = inflater.unconsumed_tail
                if inflater.eof:
                    data, inflater, started = inflater.unused_data, zlib.decompressobj(31), False
        while piece := inflater.decompress(b"", _CHUNK):
            yield piece
    except zlib.error as error:
        raise _DamageError(f"gzip data is damaged here ({error})") from error
    if started and not inflater.eof:
        raise _DamageError("gzip data ends early here: the file is cut")


def _unzstd(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Expand the frames of a zstd file.

    By `decompressobj`, because `stream_reader` takes a cut file for a whole one.
    """
    import zstandard

    frames = zstandard.ZstdDecompressor()
    frame = frames.decompressobj()
    started = False
    for chunk in raw:
        pieces: list[bytes] = []
        held = 0
        view = memoryview(chunk)
        start = 0
        while start < len(view):
            data = view[start : start + _ZSTD_SLICE]
            start += len(data)
            try:
                piece = frame.decompress(data)
            except zstandard.ZstdError as error:
                yield b"".join(pieces)
                raise _DamageError(f"zstd data is damaged here ({error})") from error
            started = True
            if frame.eof:
                start -= len(frame.unused_data)
                frame, started = frames.decompressobj(), False
            pieces.append(piece)
            held += len(piece)
            if held >= _CHUNK:
                yield b"".join(pieces)
                pieces, held = [], 0
        yield b"".join(pieces)
    if started:
        raise _DamageError("zstd data ends early here: the file is cut")


def _in_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Drop a byte order mark, and recode what it says is UTF-16 or UTF-32.

    What those encodings cannot mean becomes bytes that UTF-8 cannot mean either,
    so that the record it stands in is refused and no other.
    """
    first = b""
    for chunk in chunks:
        first += chunk
        if len(first) >= len(codecs.BOM_UTF32_LE):
            break
    encoding = marked_charset(first)
    if encoding is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        yield decoder.decode(first).encode("utf-8", "surrogatepass")
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise _DamageError(f"not {encoding.upper()} from here on ({error.reason})") from error


def split_lines(
    chunks: Iterator[bytes], limit: int, *, skip_blank: bool = False
) -> Iterator[tuple[int, list[bytes | None]]]:
    """Split chunks at newlines, which are dropped.

    Args:
        chunks: many.
        limit: most bytes of a line.
        skip_blank: leave out runs of blank lines.

    Yields:
        The number of the first line, from 1, and the lines, none for an empty chunk; a
        line of more than `limit` bytes is None, and was never held whole.
    """
    splitter = LineSplitter(limit, skip_blank=skip_blank)
    for chunk in chunks:
        number, lines = splitter.split(chunk)
        if lines or not chunk:
            yield number, lines
    number, lines = splitter.rest()
    if lines:
        yield number, lines


class LineSplitter:
    """Splits chunks at newlines as they come; holds the line that is open, up to `limit` bytes.

    Args:
        limit: most bytes of a line.
        skip_blank: of a chunk of blank lines give only the last; a small file may
            expand to hundreds of millions.

    Attributes:
        number: of the line that is open, from 1.
    """

    def __init__(self, limit: int, *, skip_blank: bool) -> None:
        self.number = 1
        self._limit = limit
        self._skip_blank = skip_blank
        self._held: list[bytes] = []
        self._size = 0

    def split(self, chunk: bytes) -> tuple[int, list[bytes | None]]:
        """Return the number of the first line that ends in `chunk`, and all that do."""
        if self._skip_blank and chunk.isspace() and b"\n" in chunk and self._is_blank_so_far():
            return self._pass_blank(chunk)
        lines: list[bytes | None] = [*chunk.split(b"\n")]
        first, last = lines[0] or b"", lines.pop() or b""
        self._size += len(first)
        if self._size <= self._limit:
            self._held.append(first)
        else:
            self._held.clear()
        if not lines:
            return self.number, []
        if len(chunk) > self._limit:
            lines = [None if line and len(line) > self._limit else line for line in lines]
        lines[0] = b"".join(self._held) if self._size <= self._limit else None
        number = self.number
        self.number += len(lines)
        self._held, self._size = [last], len(last)
        return number, lines

    def _is_blank_so_far(self) -> bool:
        """Tell whether nothing of the open line is known but blanks."""
        return self._size <= self._limit and not b"".join(self._held).strip()

    def _pass_blank(self, chunk: bytes) -> tuple[int, list[bytes | None]]:
        last = chunk[chunk.rfind(b"\n") + 1 :]
        self._held, self._size = [last], len(last)
        self.number += chunk.count(b"\n")
        return self.number - 1, [b""]

    def rest(self) -> tuple[int, list[bytes | None]]:
        """Return the line that no newline ended, if there is one."""
        if not self._size:
            return self.number, []
        return self.number, [b"".join(self._held) if self._size <= self._limit else None]


def join_chunks(chunks: Iterator[bytes], n_bytes: int) -> Iterator[bytes]:
    """Join chunks until they have so many bytes, and cut them behind a newline if there is one.

    A line that the file ends with, without a newline, comes apart from all others.
    """
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size < n_bytes:
            held.append(chunk)
            continue
        end = chunk.rfind(b"\n") + 1 or len(chunk)
        yield b"".join([*held, chunk[:end]])
        held = [chunk[end:]]
        size = len(held[0])
    last = b"".join(held)
    end = last.rfind(b"\n") + 1
    yield from filter(None, (last[:end], last[end:]))
