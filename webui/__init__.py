"""The web part of amends: a Flask extension, and an application that is nothing but that.

`Amends(application).init_app(app, url_prefix="/complaints")` mounts it in an organisation's own Flask application;
`create_app(application)` is the same on an empty one. `application` is what `amends.open()` returns.
"""

from __future__ import annotations

from amends.webui.app import Amends, create_app

__all__ = ["Amends", "create_app"]
