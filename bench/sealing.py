"""What PARCEL_KEYS costs: the same batches through the door and back, with a key and without, in one run.

The two take turns, on the same Valkey, and each figure is the best of its rounds.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cryptography.fernet import Fernet  # noqa: E402

from api.items import Item  # noqa: E402 - a script finds the packages beside itself
from api.verdict import examine  # noqa: E402
from tests.servers import Valkey  # noqa: E402
from workers.parcels import ParcelStore, make_store  # noqa: E402
from workers.payload import Seal, pack, unpack  # noqa: E402
from workers.settings import Settings  # noqa: E402

ROUNDS = 25


def lines() -> list[str]:
    return (ROOT / "samples" / "aidial.log").read_text("utf-8").splitlines()


def through(store: ParcelStore, batch: list[Item]) -> float:
    """Seconds to parse a batch, store it, take it again, read it and finish it."""
    began = time.perf_counter()
    shipment = examine(batch).shipment(len(batch), 0.0)
    store.put(shipment.parcels)
    parcel = store.take(shipment.parcels[0].id)
    assert parcel is not None
    assert len(unpack(parcel.payload)) == shipment.parcels[0].records
    store.finish(parcel)
    return time.perf_counter() - began


def alone(seal: Seal, payload: bytes) -> float:
    began = time.perf_counter()
    assert seal.open(seal.close(payload)) == payload
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    batch = [Item(line) for line in lines()]
    key = Fernet.generate_key().decode()
    best = {"plain": 1e9, "sealed": 1e9}
    with tempfile.TemporaryDirectory() as folder:
        valkey = Valkey(Path(folder)).up()
        environs = {"plain": {}, "sealed": {"PARCEL_KEYS": key}}
        stores = {
            name: make_store(Settings.from_env({"REDIS_URL": valkey.url, **more}))
            for name, more in environs.items()
        }
        for _ in range(rounds):
            for name, store in stores.items():
                best[name] = min(best[name], through(store, batch))
        valkey.kill()
    payload = pack([item.text for item in batch])
    seal = Seal([key])
    crypto = min(alone(seal, payload) for _ in range(rounds))
    sizes = [len(payload) // 1024, len(seal.close(payload)) // 1024]
    print(f"a batch of {len(batch)} lines: {sizes[0]} KiB packed, {sizes[1]} KiB sealed")
    print(f"door and back, plain:   {best['plain'] * 1e3:8.2f} ms   (the yardstick)")
    print(
        f"door and back, sealed:  {best['sealed'] * 1e3:8.2f} ms   ratio {best['sealed'] / best['plain']:.3f}"
    )
    print(f"sealing and opening:    {crypto * 1e3:8.2f} ms   ratio {crypto / best['plain']:.3f}")


if __name__ == "__main__":
    main()
