"""Input fields that take what FEEL gives as well as what a header says: lengths, moments, lists of texts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import ValidationError, fields

from amends.engine.calendars import read_extension, read_length, read_warning
from amends.engine.errors import Invalid
from amends.engine.feel import YearMonthDuration, value_text


class LengthField(fields.Field[str]):
    """A clock's length as text; a FEEL duration becomes its ISO 8601 text. With `extension` it must extend something."""

    def __init__(self, *, extension: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.extension = extension

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = value_text(value) if isinstance(value, dt.timedelta | YearMonthDuration) else value
        if not isinstance(text, str):
            raise ValidationError(f"A length is a text such as “5 working days”, or a duration, not {value!r}.")
        try:
            (read_extension if self.extension else read_length)(text.strip())
        except Invalid as error:
            raise ValidationError(str(error)) from error
        return text.strip()


class MomentField(fields.Field["dt.date | dt.datetime"]):
    """A date, or a date and time, as FEEL gives it or as ISO 8601 text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dt.date | dt.datetime:
        if isinstance(value, dt.date):  # a datetime is one as well
            return value
        if isinstance(value, str):
            text = value.strip().partition("[")[0]  # FEEL may name the zone in brackets or after @; the offset is enough
            for read in (dt.date.fromisoformat, dt.datetime.fromisoformat):
                try:
                    return read(text)
                except ValueError:
                    continue
        raise ValidationError(f"Give a date or a date and time, such as 2026-12-04 or 2026-12-04T09:30:00Z, not {value!r}.")


class TextList(fields.Field[list[str]]):
    """A list of texts, or one text with commas between them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[str]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise ValidationError(f"Give a list of texts, or one text with commas between them, not {value!r}.")
        return [part.strip() for part in parts if part.strip()]


class WarningList(TextList):
    """Warnings of a clock: lengths before the deadline, or shares of the time."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[str]:
        given = [value_text(item) if isinstance(item, dt.timedelta | YearMonthDuration) else item for item in value] if isinstance(
            value, list | tuple
        ) else value  # fmt: skip
        texts = super()._deserialize(given, attr, data, **options)
        for text in texts:
            try:
                read_warning(text)
            except Invalid as error:
                raise ValidationError(str(error)) from error
        return texts
