"""What a page looks at: whole days in UTC, and perhaps one project, model, deployment or language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DAY_NS = 86_400 * 10**9
LAST_DAY = (2**63 - 1) // DAY_NS


@dataclass(frozen=True, slots=True)
class Scope:
    """From `since_day` on and before `until_day`, counted from 1970; "" is no filter."""

    since_day: int = 0
    until_day: int = LAST_DAY
    project_id: str = ""
    model: str = ""
    deployment: str = ""
    language: str = ""

    @property
    def filters(self) -> Mapping[str, str]:
        """Column -> value of what is filtered by."""
        named = {name: getattr(self, name) for name in ("project_id", "model", "deployment", "language")}
        return {name: value for name, value in named.items() if value}

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of every query within this scope."""
        return {
            "since": self.since_day,
            "until": self.until_day,
            "since_ns": self.since_day * DAY_NS,
            "until_ns": self.until_day * DAY_NS,
            **self.filters,
        }

    def matching(self, table: str) -> str:
        """The condition that the columns of a table fulfil; always true without a filter."""
        return " AND ".join(["true", *(f"{table}.{name} = :{name}" for name in self.filters)])

    @property
    def groups(self) -> str:
        """The condition that a row belongs to one of the groups that match."""
        return f"group_id IN (SELECT id FROM groups g WHERE {self.matching('g')})"  # noqa: S608 - our own words
