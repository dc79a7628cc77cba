"""Reads the labelled texts. One half is for choosing thresholds, the other for saying how good they are."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from analytics.text import plain

FOLDER = Path(__file__).parent
NONE = "none"
"""The label of texts that have no language."""

MUCH = 40
"""Characters from which on a text counts as long."""


@dataclass(frozen=True, slots=True)
class Labelled:
    language: str
    kind: str
    chosen_with: bool  # of the half that thresholds were chosen with
    text: str  # as the detector gets it: without code, JSON and addresses

    @property
    def long(self) -> bool:
        return len(self.text) >= MUCH

    @property
    def expected(self) -> str:
        return "undefined" if self.language == NONE else self.language


def labelled() -> list[Labelled]:
    """Give all texts; neighbours in a file go to different halves."""
    return [
        Labelled(path.stem, kind, number % 2 == 0, plain(text))
        for path in sorted(FOLDER.glob("*.yaml"))
        for kind, texts in yaml.safe_load(path.read_text("utf-8")).items()
        for number, text in enumerate(texts)
    ]
