"""`dial-analytics`: the command line. Each command is a file in `commands`."""

import click

from api.commands.api import api
from api.commands.broker import broker
from api.commands.deadletters import deadletters
from api.commands.demo import demo
from api.commands.healthcheck import healthcheck
from api.commands.ingest import ingest
from api.commands.prices import prices
from api.commands.proxy import proxy
from api.commands.report import report
from api.commands.serve import serve
from api.commands.status import status
from api.commands.summary import summary
from api.commands.worker import worker
from api.version import package_version

HELP = """Analytics for AI DIAL: prompt logs in; usage, cost, language and topic figures out.

\b
Try it:      dial-analytics demo
Run it:      dial-analytics serve
Feed it:     dial-analytics ingest aidial.log
Look at it:  dial-analytics summary
             dial-analytics status

Everything is configured by environment variables, see docs/configuration.md.
"""


class InOrder(click.Group):
    """Lists its commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(self.commands)


@click.group(
    cls=InOrder,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_version())
def main() -> None:
    """Every command is a subcommand of this."""


for command in (
    demo,
    serve,
    ingest,
    summary,
    status,
    report,
    prices,
    deadletters,
    api,
    proxy,
    worker,
    broker,
    healthcheck,
):
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="dial-analytics")
