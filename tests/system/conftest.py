"""A stack for each test, and one that runs already."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Process
from tests.system.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


@pytest.fixture
def served(stack: Stack) -> Iterator[Process]:
    """A running stack, to be interrupted by the test."""
    process = stack.process("serve")
    process.start(stack.ready, timeout_s=60)
    yield process
    process.stop(timeout_s=25)
