"""The command line: `amends --help` lists what there is. Exit codes: 0 done, 1 it found something wrong, 2 it was called wrongly."""

from __future__ import annotations

import importlib
from collections import UserDict

import click

from amends import __version__

COMMANDS = {
    "convert": "converting:convert",
    "instance": "instances:instance", "archive": "operating:archive", "index": "records:index",
    "run": "server:run", "worker": "operating:worker", "backup": "operating:backup", "restore": "operating:restore",
    "doctor": "operating:doctor", "check": "packages:check", "deploy": "packages:deploy", "templates": "packages:templates",
    "bench": "bench:bench", "test": "packages:test", "feel": "try_out:feel", "decide": "try_out:decide", "import": "records:import_",
    "verify": "records:verify", "seal": "records:seal", "erase": "records:erase", "rebuild": "records:rebuild",
    "history": "records:history", "user": "accounts:user", "mail": "mail:mail", "migrate": "migrating:migrate",
    "translations": "languages:translations", "letters": "letters:letters",
}  # fmt: skip
"""Every command, and the module and name here that it is. It is loaded when it is asked for: `feel` needs no database."""

WITHOUT_LOGS = frozenset({"feel", "decide", "convert"})


class Commands(UserDict[str, click.Command]):
    """The commands by name, each loaded when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.data = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # until it is asked for

    def __getitem__(self, name: str) -> click.Command:
        if self.data[name] is None:
            module, _, attribute = COMMANDS[name].partition(":")
            self.data[name] = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
        return self.data[name]


@click.group(commands=Commands(), context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="amends")
@click.pass_context
def main(context: click.Context) -> None:
    """Complaint handling that follows ISO 10002, drawn as BPMN."""
    if context.invoked_subcommand not in WITHOUT_LOGS:
        from amends import logs

        logs.configure()
