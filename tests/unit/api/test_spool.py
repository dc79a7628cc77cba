"""The spool keeps parcels in order, within its bound, and readable by their owner only."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from api.spool import Spool
from workers.parcels import NewParcel
from workers.payload import Seal, pack


def parcel(name: str, payload: bytes = b"payload") -> NewParcel:
    return NewParcel(name, "analyze", "", payload, 1)


def spool(folder: Path, bound: int = 1000, keys: tuple[str, ...] = ()) -> Spool:
    return Spool(folder / "spool", bound, Seal(keys), "analyze")


def test_parcels_come_out_as_they_went_in_the_oldest_first(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    put = [parcel("a"), parcel("b"), parcel("c")]
    assert all(map(kept.add, put))
    sent: list[NewParcel] = []

    assert spool(tmp_path).drain(sent.append, 2) == 2
    assert spool(tmp_path).drain(sent.append, 2) == 1
    assert sent == put
    assert kept.files() == []


def test_what_is_not_sent_stays(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.add(parcel("a"))

    def fail(_parcel: NewParcel) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        kept.drain(fail, 9)
    assert len(kept.files()) == 1


def test_it_takes_no_more_than_its_bound(tmp_path: Path) -> None:
    kept = spool(tmp_path, bound=10)

    assert [kept.add(parcel(name)) for name in "ab"] == [True, False]
    kept.drain(lambda _parcel: None, 9)
    assert kept.add(parcel("b"))


def test_a_disk_that_takes_nothing_is_a_no(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")

    assert spool(tmp_path).add(parcel("a")) is False


def test_files_are_sealed_and_private(tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    words = pack(["words of somebody"])
    spool(tmp_path, keys=(key,)).add(parcel("a", words))
    (file,) = spool(tmp_path).files()

    assert file.stat().st_mode & 0o077 == 0
    assert words not in file.read_bytes()
    assert spool(tmp_path).drain(lambda _parcel: None, 9) == 0
    sent: list[NewParcel] = []
    spool(tmp_path, keys=(key,)).drain(sent.append, 9)
    assert sent[0].payload == words
