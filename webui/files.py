"""Files that leave: always as a download, so that nothing somebody sent can act as a page of ours."""

from __future__ import annotations

import io

from flask import Response, send_file


def download(body: bytes, name: str, media_type: str = "application/octet-stream") -> Response:
    """`body` as a download called `name`."""
    response: Response = send_file(io.BytesIO(body), mimetype=media_type, as_attachment=True, download_name=name or "file")
    response.headers["Cache-Control"] = "no-store"
    return response
