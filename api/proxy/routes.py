"""Where a request goes: by its path, to the upstreams of the configuration and to nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from workers.settings import Settings
from workers.upstreams import Upstream, table


@dataclass(frozen=True, slots=True)
class Address:
    """Where a call goes, and what a record calls the place it asked for."""

    upstream: Upstream
    rest: str

    @property
    def target(self) -> str:
        return self.upstream.url + self.rest

    @property
    def uri(self) -> str:
        return self.upstream.shape + self.rest


def upstreams(settings: Settings) -> tuple[Upstream, ...]:
    """All of them, the longest prefix first; none means that there is no proxy."""
    return table(settings.proxy_upstream_url, settings.proxy_upstream_key, settings.proxy_upstreams)


def find(known: Sequence[Upstream], target: str) -> Address | None:
    """The address of a request. A path that climbs with dots could leave its prefix, and goes nowhere."""
    path = target.partition("?")[0]
    if ".." in unquote(path).replace("\\", "/").split("/"):
        return None
    for upstream in known:
        if path == upstream.prefix or path.startswith(upstream.prefix + "/"):
            return Address(upstream, target[len(upstream.prefix) :])
    return None
