"""Public holidays of a country or a part of it, from the `holidays` library, each year built once per process."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays


@dataclass(frozen=True)
class Region:
    """Whose holidays count: an ISO 3166 country, a part of it, and which kinds of holidays."""

    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] | None = None


# Building one costs up to 2 ms, so every calendar of a process shares them; a calendar reaches over 200 years.
@lru_cache(maxsize=4096)
def public_holidays(region: Region, year: int) -> Mapping[date, str]:
    """The holidays of one year: date → name in the country's own language."""
    found = holidays.country_holidays(region.country, subdiv=region.subdivision, years=year, expand=False, categories=region.categories)
    return MappingProxyType({day: name for day, name in found.items() if day.year == year})


def region_problems(region: Region) -> dict[str, str]:
    """What is wrong with a region, by field (`country`, `subdivision`, `categories`); empty if nothing is."""
    try:
        known = holidays.country_holidays(region.country)
    except NotImplementedError:
        return {"country": _unknown_country(region.country)}
    problems = {}
    parts = [*known.subdivisions, *known.subdivisions_aliases]
    if region.subdivision is not None and region.subdivision not in parts:
        offered = ", ".join(known.subdivisions) or "none, so leave it out"
        problems["subdivision"] = f"{region.subdivision!r} is no part of {region.country}; its parts are: {offered}."
    unknown = [name for name in region.categories or () if name not in known.supported_categories]
    if unknown:
        offered = ", ".join(known.supported_categories)
        problems["categories"] = f"{unknown[0]!r} is no kind of holiday known for {region.country}; there are: {offered}."
    return problems


def _unknown_country(country: str) -> str:
    codes = list(holidays.list_supported_countries())
    close = difflib.get_close_matches(country.upper(), codes, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f'The country {country!r} is not known; write its two-letter code, such as "GB" or "AU".{hint}'
