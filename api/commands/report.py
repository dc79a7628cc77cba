"""`dial-analytics report`: the usage report of Dev Proxy's plugins, of any time that the store knows."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from api import terminal
from api.commands.summary import REMEDIES
from api.moment import MOMENT
from api.usage import document, markdown, table, text
from api.usage.report import Contents, Head
from workers.reports import Period, ReportError, reading
from workers.reports.llm_usage import contents
from workers.reports.summary import LAST_NS
from workers.settings import Settings

Form = Callable[[Head, Contents], Iterator[str]]

FORMS: dict[str, Form] = {
    "md": markdown.lines,
    "txt": text.lines,
    "json": document.lines,
    "csv": table.lines,
}


@click.command()
@click.option("--format", "form", type=click.Choice([*FORMS]), default="md", show_default=True)
@click.option("--from", "since", type=MOMENT, help="From then on: 2026-09-01, or 7d ago as 7d.")
@click.option("--to", "until", type=MOMENT, help="Before then.")
@click.option("--extended", is_flag=True, help="Also unpriced calls, errors, cached share and projects.")
@click.option("--aggregate", is_flag=True, help="Sums instead of single calls, in JSON.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of here.")
def report(form: str, since: float | None, until: float | None, output: Path | None, **wishes: bool) -> None:
    """Show what models were used for, and what it cost, as Dev Proxy's usage report does."""
    settings = terminal.settings()
    if settings.sqlite_path is None:
        raise click.ClickException("There is no embedded store (SQLITE_PATH is not set).")
    period = Period(_ns(since, 0), _ns(until, LAST_NS))
    written = partial(document.lines, aggregate=True) if wishes["aggregate"] else FORMS[form]
    if wishes["aggregate"] and form != "json":
        raise click.UsageError("--aggregate is for --format json.")
    try:
        with reading(settings.sqlite_path) as db, click.open_file(str(output or "-"), "w", "utf-8") as out:
            for line in written(_head(settings, extended=wishes["extended"]), contents(db, period)):
                out.write(line + "\n")
    except ReportError as error:
        remedy = REMEDIES.get(error.reason, error.reason)
        raise click.ClickException(f"The store {settings.sqlite_path} {remedy}") from None


def _head(settings: Settings, *, extended: bool) -> Head:
    return Head(
        settings.telemetry_application,
        settings.telemetry_environment,
        settings.telemetry_currency,
        bool(settings.telemetry_costs),
        extended,
    )


def _ns(moment: float | None, otherwise: int) -> int:
    return otherwise if moment is None else int(moment * 10**9)
