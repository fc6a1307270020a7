"""Which version of a called process or decision an element means (`bindingType` and `versionTag` of the dialect)."""

from __future__ import annotations

from dataclasses import dataclass

from amends.engine.definitions import model

LATEST, DEPLOYMENT, TAG = "latest", "deployment", "versionTag"
KINDS = (LATEST, DEPLOYMENT, TAG)


@dataclass(frozen=True, slots=True)
class Binding:
    """`kind` is latest (what is deployed now), deployment (the caller's own version) or versionTag (the newest with this `tag`)."""

    kind: str
    tag: str | None = None


def binding(ext: model.Zeebe, what: str) -> Binding | None:
    """What an element says about a `process` or `decision` it calls; None: its own version's, or else the latest there is."""
    kind = ext.bindings.get(what)
    return None if kind is None else Binding(kind, ext.version_tags.get(what))
