"""The command line: `amends --help` lists what there is. Exit codes: 0 done, 1 it found something wrong, 2 it was called wrongly."""

from __future__ import annotations

import click

from amends import __version__, logs

from . import accounts, operating, packages, records, server, try_out


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="amends")
def main() -> None:
    """Complaint handling that follows ISO 10002, drawn as BPMN."""
    logs.configure()


for command in (
    server.run, operating.worker, operating.backup, operating.restore, operating.doctor,
    packages.check, packages.deploy, packages.templates, packages.test, try_out.feel, try_out.decide,
    records.import_, records.verify,
    records.seal, records.erase, records.history, accounts.user,
):  # fmt: skip
    main.add_command(command)
