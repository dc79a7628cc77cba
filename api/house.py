"""What one API process holds for its requests: settings, the parcel store, and how to wake a worker."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from workers.parcels import ParcelStore
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    settings: Settings
    store: ParcelStore
    wake: Callable[[str, str], object]


def furnish(app: Flask, house: House) -> None:
    app.extensions["dial_analytics"] = house


def house() -> House:
    """The one of the app that handles the current request."""
    held: House = current_app.extensions["dial_analytics"]
    return held
