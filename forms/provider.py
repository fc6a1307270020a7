"""Forms as the engine is given them: by the bytes of a file, loaded once per digest."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from amends.engine.errors import Invalid
from amends.forms.form import Form, load
from amends.forms.model import Field, FormProblem

MAX_CACHED = 256


class Forms:
    """The protocol that the engine checks, reads and validates forms by; safe to share between threads."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] | None = None,
        zone: tzinfo = UTC,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """`now()` gives the current instant (aware); `zone` is the organisation's; `functions` are there beside FEEL's own."""
        self._functions = functions
        self._now = now
        self._zone = zone
        self._lock = threading.Lock()
        self._loaded: OrderedDict[bytes, Form] = OrderedDict()

    def form(self, source: bytes, name: str = "file.form") -> Form:
        """The form in `source`, loaded once; raises Invalid where it is no JSON."""
        digest = hashlib.sha256(name.encode() + b"\0" + source).digest()
        with self._lock:
            found = self._loaded.get(digest)
            if found is not None:
                self._loaded.move_to_end(digest)
                return found
        made = load(source, name=name, now=self._now, zone=self._zone, functions=self._functions)
        with self._lock:
            self._loaded[digest] = made
            while len(self._loaded) > MAX_CACHED:
                self._loaded.popitem(last=False)
        return made

    def check(self, source: bytes, file: str = "file.form") -> list[FormProblem]:
        """Everything wrong with a form; never raises for a bad file."""
        try:
            return self.form(source, file).problems
        except Invalid as error:
            return [FormProblem("", "", "form-json", "error", str(error), "Save it again in the form editor.", file)]

    def fields(self, source: bytes) -> list[Field]:
        """What a form asks for; raises Invalid where it is no JSON."""
        return self.form(source).fields

    def validate(
        self, source: bytes, data: Mapping[str, Any], context: Mapping[str, Any] | None = None, *, roles: Collection[str] | None = None
    ) -> dict[str, Any]:
        """Clean data, refusing keys the form does not have; raises Invalid with the sentences by key."""
        return self.form(source).validate(data, context=context, strict=True, roles=roles)
