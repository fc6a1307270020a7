"""Short JSON texts, small: deflated with a dictionary of what stands in all of them, if that makes them smaller.

What is packed begins with a byte no JSON text begins with; what was written before, or is smaller as it is, stays plain. Hashes
are of the plain text, so nothing about the history changes. The dictionary is for ever: a better one needs a mark of its own.
"""

from __future__ import annotations

import zlib

MARK = b"\x01"
"""Deflated (RFC 1951) with `DICTIONARY`."""
SHORTEST = 40
"""Shorter texts are left alone: they would hardly get smaller."""
_SHORT = 4_000
DICTIONARY = (
    b'"warning":"reason":"message":"reached":"milestone":"stage":"channel":"web","email":"phone":"product":"category":"severity":"high"'
    b'"medium"normal"low"priority":"received_at":"reference":"acknowledged_at":"complainant":{"name":"address":"description":"subject":"'
    b'"narrative":"complaint":{"outcome":"upheld""partly upheld""not upheld","remedy":"answer":"decision":"comments":"assigned","to":'
    b'"account:complainant:"system""job""values":"value_ids":["erased""state":"terminated""completed"}]'
    b'"variables""operation""message""signal""incident""resolved""caught""clock","what":"due":null'
    b'["decision","matched":"inputs":"outputs":"rule":["timer","due":"20:00+00:00"'
    b'],["ended","{"state":"completed"}],["started","{"deployment":"01a2'
    b'],["entered","gateway",0],["taken","flow_Activity_Gateway_Event_'
    b'{"a":"account:01a2","c":"start","e":[["started","{"deployment":"'
    b'{"a":"job","c":"timer","e":[["completed","","c":"operation","e":[["completed","'
    b'{"a":"","c":"complete","e":[["completed","",{},0],["taken","",0],["completed","",0],["entered",""]],"n":"01a21a'
    b'","o":"2026-","r":"2026-T00:00:00.000000+00:00","v":["01a21a","0123456789abcdef"]}'
)


def pack(body: bytes) -> bytes:
    """The bytes to keep for a text."""
    if len(body) < SHORTEST and not body.startswith(MARK):
        return body
    # A small window is set up in a tenth of the time of a large one.
    window, memory = (-12, 4) if len(body) < _SHORT else (-15, 8)
    packer = zlib.compressobj(6, zlib.DEFLATED, window, memory, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    packed = MARK + packer.compress(body) + packer.flush()
    return packed if len(packed) < len(body) or body.startswith(MARK) else body


def unpack(kept: bytes) -> bytes:
    """The text; bytes that somebody has spoilt come back as they are, for whoever compares them with their hash."""
    if not kept.startswith(MARK):
        return kept
    try:
        return zlib.decompressobj(-15, DICTIONARY).decompress(kept[1:])
    except zlib.error:
        return kept
