"""What keeps a page from being shown, told so that one knows what to do about it."""

from workers.settings import Settings


class Trouble(Exception):
    """A headline, a sentence, and a command or setting that helps, if there is one."""

    def __init__(self, reason: str, headline: str, text: str, *, remedy: str = "", status: int = 200) -> None:
        super().__init__(reason)
        self.reason = reason
        self.headline = headline
        self.text = text
        self.remedy = remedy
        self.status = status


def redis_away() -> Trouble:
    return Trouble(
        "store_unavailable",
        "The broker does not answer",
        "Redis, which keeps the parcels and the counters, cannot be reached. Nothing that was accepted is"
        " lost; new batches are refused until it is back.",
        remedy="dial-analytics status",
        status=503,
    )


def report_trouble(reason: str, settings: Settings) -> Trouble:
    """The reasons of ReportError, and `no_sqlite`: there is no embedded store in this configuration."""
    if reason == "no_sqlite":
        return Trouble(
            reason,
            "The figures are in InfluxDB",
            "This page reads the embedded store, and the configuration has none. Name a file for it to have"
            " both; what arrives from then on is shown here.",
            remedy=f"SQLITE_PATH={settings.data_dir / 'analytics.sqlite'}",
        )
    if reason == "no_store":
        return Trouble(
            reason,
            "Nothing has arrived yet",
            "The embedded store is made when the first worker starts. Send it a prompt log of DIAL Core, or"
            " try it with the sample.",
            remedy="dial-analytics ingest samples/aidial.log",
        )
    if reason == "locked":
        return Trouble(
            reason, "The store is busy", "Somebody else holds it. Try again in a moment.", status=503
        )
    return Trouble(
        reason,
        "The store cannot be read",
        f"{settings.sqlite_path} is no store of dial-analytics, or it is damaged.",
        remedy="dial-analytics summary",
        status=503,
    )
