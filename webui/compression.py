"""Style sheets and scripts leave compressed: a first page is to come quickly over a weak connection.

Only these: a page holds a token and what somebody typed, and its compressed length could tell about one by the other.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Response, request

KINDS = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")
WORTH = 600
"""Smaller files are not worth it."""


def compress(response: Response) -> Response:
    """Give a built asset compressed to a browser that takes that."""
    if request.endpoint != "amends.static" or response.status_code != 200 or response.mimetype not in KINDS:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip") or "Content-Encoding" in response.headers or request.range is not None:
        return response
    response.direct_passthrough = False
    body = _packed(response.get_data())
    if body is not None:
        response.set_data(body)
        response.headers["Content-Encoding"] = "gzip"
        tag, weak = response.get_etag()
        if tag is not None:
            response.set_etag(f"{tag}-gzip", weak=bool(weak))
    return response


@lru_cache(maxsize=64)
def _packed(body: bytes) -> bytes | None:
    packed = gzip.compress(body, 9, mtime=0) if len(body) >= WORTH else body
    return packed if len(packed) < len(body) else None
