"""Puts the recorder of one process together: settings in, outbox out."""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from api.bell import Bell
from api.proxy.line import Writer
from api.proxy.outbox import Outbox
from api.spool import Spool
from api.verdict import TASK
from workers.app import make_celery
from workers.parcels import make_store
from workers.proxy_knobs import read_headers
from workers.settings import Settings

KEY_FILE = "proxy.key"
SPOOL = "proxy-spool"


def make_outbox(settings: Settings) -> Outbox:
    store = make_store(settings)
    secret = settings.proxy_hash_key or kept_key(settings.data_dir / KEY_FILE)
    writer = Writer(
        read_headers(settings.proxy_headers),
        lambda text: hashed(text, secret),
        hash_users=settings.proxy_hash_users,
    )
    spool = Spool(settings.data_dir / SPOOL, settings.proxy_spool_bytes, store.keeping.seal, TASK)
    bell = Bell(make_celery(settings), store.redis)
    return Outbox(store, spool, writer.line, bell.ring, settings.parcel_records)


def hashed(text: str, secret: str) -> str:
    """The same for the same text, and nothing that could be undone without the secret."""
    key = blake2b(secret.encode(), digest_size=32).digest()
    return blake2b(text.encode("utf-8", "surrogateescape"), key=key, digest_size=8).hexdigest()


def kept_key(path: Path) -> str:
    """A random key, made by the process that comes first and kept for all that follow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    try:
        # Unlike a rename, a link never replaces what another process made meanwhile.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text("utf-8")
