"""Writes `samples/aidial.log` from the texts in this folder: `python -m samples.make_sample`.

There is no randomness and no clock in it: the same sources give the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from samples.dialcore.callers import speakers
from samples.dialcore.cast import load_cast
from samples.dialcore.conversation import load_conversations
from samples.dialcore.line import Call, render
from samples.dialcore.play import play
from samples.dialcore.scenes import play_scenes

SAMPLE = Path(__file__).resolve().parent / "aidial.log"


def calls() -> Iterator[Call]:
    """Return every call of the week, conversation after conversation."""
    cast, conversations = load_cast(), load_conversations()
    for conversation, speaker in zip(conversations, speakers(conversations, cast), strict=True):
        yield from play(conversation, cast, speaker)
    yield from play_scenes(cast)


def build() -> str:
    """Return the whole log; Core writes a line when a call has ended."""
    ended = sorted(calls(), key=lambda call: call.at + timedelta(milliseconds=call.duration_ms))
    return "".join(f"{render(call)}\n" for call in ended)


def main() -> None:
    """Write the log where the argument says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=SAMPLE)
    parser.parse_args().output.write_bytes(build().encode())


if __name__ == "__main__":
    main()
