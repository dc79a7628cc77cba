"""Real worker processes, a real Valkey, and the plug pulled on each of them: every event is stored once."""

import itertools
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.lines import chat_line
from tests.servers import Process, Valkey, wait_until
from workers.app import make_celery, wake
from workers.parcels import NewParcel, ParcelStore, make_store
from workers.payload import pack
from workers.settings import Settings

pytestmark = pytest.mark.integration

numbers = itertools.count()


class Plant:
    """A Valkey, the workers that a test starts on it, and the embedded store that they fill."""

    def __init__(self, valkey: Valkey, folder: Path) -> None:
        self.valkey = valkey
        self.folder = folder
        self.env = {
            "REDIS_URL": valkey.url,
            "DATA_DIR": str(folder),
            "TOPIC_MODEL": "",
            "LEASE_SECONDS": "2",
            "PATIENCE_SECONDS": "1",
            "MAX_ATTEMPTS": "2",
            "TEST_PAUSE_S": "0.1",
        }
        self.settings = Settings.from_env(self.env)
        self.celery = make_celery(self.settings)
        self.store: ParcelStore = make_store(self.settings)
        self.workers: list[Process] = []

    def worker(self, *options: str, ready: bool = True, app: str = "tests.integration.workplace") -> Process:
        command = [sys.executable, "-m", "celery", "--quiet", "-A", app, "worker", *options]
        log = self.folder / f"worker{len(self.workers)}.log"
        process = Process(command, log, env=self.env)
        self.workers.append(process)
        process.start((lambda: "worker_ready" in process.output()) if ready else None)
        return process

    def analyze(self) -> Process:
        return self.worker("-Q", "analyze", "--pool=prefork", "--concurrency=2")

    def deliver(self) -> Process:
        return self.worker("-Q", "deliver", "--pool=threads", "--concurrency=2")

    def send(self, *batches: list[str]) -> None:
        """What the door does: make it safe, then wake a worker."""
        ids = [f"parcel{next(numbers)}" for _ in batches]
        new = [
            NewParcel(parcel_id, "analyze", "", pack(batch), len(batch))
            for parcel_id, batch in zip(ids, batches, strict=True)
        ]
        self.store.put(new, counts={"accepted": sum(map(len, batches))})
        for parcel_id in ids:
            wake(self.celery, parcel_id, "analyze")

    def stored(self) -> int:
        path = self.folder / "analytics.sqlite"
        if not path.exists():
            return 0
        db = sqlite3.connect(path)
        try:
            rows: int = db.execute("SELECT count(*) FROM events").fetchone()[0]
        except sqlite3.OperationalError:
            return 0
        finally:
            db.close()
        return rows

    def await_stored(self, number: int, timeout_s: float = 25.0) -> None:
        def reached() -> bool:
            return self.stored() >= number

        try:
            wait_until(reached, timeout_s=timeout_s, what=f"{number} events stored")
        except AssertionError as late:
            logs = "\n".join(worker.output()[-3000:] for worker in self.workers)
            raise AssertionError(f"{late} ({self.stored()} are)\n{self.store.stats()}\n{logs}") from None

    def at_work(self) -> bool:
        """Whether a parcel is leased right now."""
        with self.valkey.client() as client:
            leases = [client.hget(key, "lease") for key in client.scan_iter("dial:parcel:*")]
        return any(leases)

    def await_empty(self) -> None:
        wait_until(lambda: set(self.store.stats().backlog.values()) == {0}, what="an empty backlog")


@pytest.fixture
def plant(own_valkey: Valkey, tmp_path: Path) -> Iterator[Plant]:
    plant = Plant(own_valkey, tmp_path)
    yield plant
    for worker in plant.workers:
        worker.kill()
    plant.celery.close()
    plant.store.redis.close()


def batches(number: int, size: int) -> list[list[str]]:
    return [[chat_line() for _ in range(size)] for _ in range(number)]


def test_a_batch_goes_through_real_workers_and_they_end_cleanly(plant: Plant) -> None:
    workers = [plant.analyze(), plant.deliver()]

    plant.send(*batches(5, 20))

    plant.await_stored(100)
    plant.await_empty()
    assert plant.store.stats().counters == {"accepted": 100, "analysed": 100, "delivered:sqlite": 100}
    assert [worker.stop() for worker in workers] == [0, 0]


def test_a_lost_wake_up_is_only_a_delay(plant: Plant) -> None:
    plant.store.put([NewParcel("unannounced", "analyze", "", pack([chat_line()]), 1)])

    plant.analyze()
    plant.deliver()

    plant.await_stored(1)


def test_workers_killed_in_mid_batch_lose_nothing_and_double_nothing(plant: Plant) -> None:
    workers = [plant.analyze(), plant.deliver()]
    plant.send(*batches(15, 20))
    wait_until(lambda: plant.stored() >= 40, what="the first events")

    for worker in workers:
        worker.kill()
    assert plant.stored() < 300
    plant.analyze()
    plant.deliver()

    plant.await_stored(300)
    plant.await_empty()
    assert plant.stored() == 300
    assert plant.store.stats().counters["analysed"] == 300
    assert plant.store.stats().dead_letters == {}


def test_a_valkey_that_is_killed_and_restarted_loses_nothing(plant: Plant) -> None:
    plant.analyze()
    plant.deliver()
    plant.send(*batches(15, 20))
    wait_until(lambda: plant.stored() >= 40, what="the first events")

    plant.valkey.kill()
    assert plant.stored() < 300
    plant.valkey.up()

    plant.await_stored(300, timeout_s=15)
    plant.await_empty()
    assert plant.stored() == 300
    assert plant.store.stats().counters["analysed"] == 300


def test_a_worker_that_went_deaf_is_made_to_listen_again(plant: Plant) -> None:
    plant.env["TEST_DEAF"] = "1"
    worker = plant.analyze()
    plant.deliver()

    plant.send([chat_line()])

    plant.await_stored(1)
    assert "worker_deaf" in worker.output()


def test_workers_wait_for_a_broker_that_is_not_there_yet(plant: Plant) -> None:
    plant.send([chat_line()])
    plant.valkey.kill()
    analyze, deliver = (
        plant.worker("-Q", queue, "--pool=threads", ready=False) for queue in ("analyze", "deliver")
    )
    wait_until(
        lambda: all("Cannot connect" in worker.output() for worker in (analyze, deliver)),
        what="their complaint",
    )

    plant.valkey.up()

    plant.await_stored(1)


def test_a_worker_asked_to_stop_finishes_the_parcel_at_hand(plant: Plant) -> None:
    plant.env["TEST_PAUSE_S"] = "1.5"
    worker = plant.analyze()
    plant.send([chat_line(), chat_line()])
    wait_until(plant.at_work, what="a parcel at hand")

    assert worker.stop() == 0

    assert plant.store.stats().counters["analysed"] == 2


def test_poison_ends_as_a_dead_letter_and_its_neighbours_arrive(plant: Plant) -> None:
    plant.analyze()
    plant.deliver()

    plant.send([chat_line("Is this poison?"), chat_line()], *batches(3, 5))

    plant.await_stored(15)
    wait_until(lambda: bool(plant.store.letters()), timeout_s=25, what="a dead letter")
    letter = plant.store.letters()[0]
    assert (letter.reason, letter.attempts, letter.records) == ("max_attempts", 2, 2)
    assert all("boil an egg" not in worker.output() for worker in plant.workers)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PARCEL_RECORDS", "many", "PARCEL_RECORDS='many': allowed is a whole number from 1 to 10000"),
        ("TOPIC_DEVICE", "cuda", "TOPIC_DEVICE='cuda' needs a worker with --pool=solo"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    plant: Plant, variable: str, value: str, said: str
) -> None:
    plant.env[variable] = value
    worker = plant.worker("-Q", "analyze", "--pool=prefork", ready=False, app="workers.celery")

    assert worker.wait() == 1
    assert worker.output().splitlines()[-1] == said
