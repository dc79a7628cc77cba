"""What one API process holds for its requests: settings, the parcel store, and how to wake a worker."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from flask import Flask, current_app

from workers.parcels import ParcelStore
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    """`turn`: threads wait for the network together, but to read two batches at once would slow down both."""

    settings: Settings
    store: ParcelStore
    wake: Callable[[str, str], object]
    turn: AbstractContextManager[object] = field(default_factory=threading.Lock)


def furnish(app: Flask, house: House) -> None:
    app.extensions["dial_analytics"] = house


def house() -> House:
    """The one of the app that handles the current request."""
    held: House = current_app.extensions["dial_analytics"]
    return held
