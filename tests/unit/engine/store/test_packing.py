"""Texts are kept small and come back as they were; what is kept can be read for ever."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amends.engine.store.packing import DICTIONARY, MARK, pack, unpack

ROW = (
    b'{"a":"account:01a2","c":"complete","e":[["completed","register",2,{},0],["taken","f1",0],["entered","assess",5]],'
    b'"n":"01a21a872a25736d9accccc3d342394d/2","r":"2026-11-27T01:03:15.494795+00:00",'
    b'"v":["01a21a872a26731ab343683269af2d60","03c923006e9ec0d16ecdb6fd4c44f09062406f92d1bddd614e0d226c62b9e18d"]}'
)


MARKED = some.binary(max_size=20).map(lambda rest: MARK + rest)


@given(some.one_of(some.binary(max_size=6_000), some.text(max_size=3_000).map(str.encode), MARKED))
def test_what_is_packed_comes_back(body: bytes) -> None:
    """Whatever the bytes are, and never larger than they were but for a mark and deflate's own few bytes."""
    assert unpack(pack(body)) == body
    assert len(pack(body)) <= len(body) + 16


def test_the_dictionary_never_changes() -> None:
    """A change to it would make unreadable what was written with it: add a mark and a dictionary instead."""
    assert (hashlib.sha256(DICTIONARY).hexdigest(), MARK) == ("3ba9fed5e8ff8af545ce0f94b3b91b908453264d5f0c0c9d930bd2d7dda0c8c0", b"\x01")


def test_a_row_of_history_takes_half() -> None:
    """Most of what is left are its digest, id and chain, which nothing makes smaller."""
    assert len(pack(ROW)) < len(ROW) / 2


@pytest.mark.parametrize("spoilt", [b"\x01", b"\x01\xff\xff\xff", pack(ROW)[:-9], b"{}", b""])
def test_spoilt_bytes_do_not_stop_who_compares_them(spoilt: bytes) -> None:
    """They come back as something else than what was written, and never as an error."""
    assert unpack(spoilt) != ROW
