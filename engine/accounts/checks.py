"""What the fields of an account may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from amends.engine.errors import Invalid

_USERNAME = re.compile(r"[^\s\x00-\x1f:]{1,120}")
_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,119}")
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


def normal(username: str) -> str:
    """A user name as it is kept: capitals and the way characters are composed make no difference."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def checked_username(username: str) -> str:
    """A user name as it is kept; raises `Invalid`."""
    name = normal(username)
    if not _USERNAME.fullmatch(name):
        problem = "A user name has 1 to 120 characters, without spaces and colons."
        raise Invalid(f"{username!r} cannot be a user name. {problem}", {"username": [problem]})
    return name


def checked_email(email: str) -> str:
    """An e-mail address, or nothing; raises `Invalid`."""
    address = email.strip()
    if address and not (_ADDRESS.fullmatch(address) and address.isprintable() and len(address) <= 320):
        raise Invalid(f"{email!r} is no e-mail address.", {"email": ["Enter an address such as name@example.org, or leave it out."]})
    return address


def checked_roles(roles: Iterable[str]) -> frozenset[str]:
    """Roles, each once; raises `Invalid`."""
    held = frozenset(roles)
    wrong = sorted(role for role in held if not _ROLE.fullmatch(role))
    if wrong:
        raise Invalid(f"{wrong[0]!r} cannot be a role.", {"roles": ["A role is an id from package.toml, or a built-in one."]})
    return held


def checked_teams(teams: Iterable[str]) -> set[str]:
    """Names of teams, each once; raises `Invalid`."""
    wanted = {" ".join(team.split()) for team in teams if team.strip()}
    wrong = sorted(team for team in wanted if not (team.isprintable() and len(team) <= 80 and "," not in team))
    if wrong:
        raise Invalid(f"{wrong[0]!r} cannot be a team.", {"teams": ["A team's name has at most 80 characters and no comma."]})
    return wanted


def checked_competence(competence: str) -> str:
    """The id of a competence, as tasks name it; raises `Invalid`."""
    name = competence.strip()
    if not _ROLE.fullmatch(name):
        problem = "A competence is an id as the tasks of the package name it: letters, digits, hyphens and underscores."
        raise Invalid(f"{competence!r} cannot be a competence.", {"competence": [problem]})
    return name
