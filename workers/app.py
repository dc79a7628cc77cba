"""The Celery app, which carries nothing but wake-ups: ids of parcels, never a word of anybody."""

import importlib
import logging
import ssl
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workers import transport
from workers.parcels import CELERY_PREFIX, TASKS
from workers.settings import Settings

logger = logging.getLogger(__name__)

# A publisher gives up within about a second, since the sweeper wakes the parcel anyway.
PUBLISH_RETRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}
TRANSPORT = {
    **PUBLISH_RETRY,
    "global_keyprefix": CELERY_PREFIX,
    "socket_connect_timeout": 1,
    "socket_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 5,
    # No books are kept on messages under way: that costs two trips to Redis each, fails when it is full,
    # and brings back late what the sweeper has woken long before.
    "ack_emulation": False,
}


def make_celery(settings: Settings, *, eager: bool = False) -> Celery:
    """An app for these settings. An eager one needs no broker: waking a parcel runs its task in place."""
    celery = Celery("dial-analytics", broker=settings.redis_url, set_as_current=False)
    transport.install(celery)
    celery.settings = settings
    celery.conf.update(CONFIG, task_always_eager=eager, broker_use_ssl=_tls(settings))
    if eager:
        importlib.import_module("workers.tasks")
    return celery


def _tls(settings: Settings) -> dict[str, Any] | None:
    """What `rediss://` alone says to redis-py has to be said to Celery in so many words."""
    if not settings.redis_url.startswith("rediss:"):
        return None
    trusted = {"ssl_ca_certs": str(settings.redis_ca_file)} if settings.redis_ca_file else {}
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED, **trusted}


CONFIG: dict[str, Any] = {
    # By name: the doors make an app too, and must not load what the tasks need.
    "include": ["workers.tasks"],
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_store_eager_result": False,
    "task_routes": {task: {"queue": task} for task in TASKS},
    "task_create_missing_queues": True,
    "task_default_queue": TASKS[0],
    # The parcel is the truth, so its message may go as soon as it is read.
    "task_acks_late": False,
    "task_send_sent_event": False,
    "task_publish_retry": False,
    "worker_send_task_events": False,
    "worker_prefetch_multiplier": 1,
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_soft_shutdown_timeout": 20,
    # Loading models takes its time on a busy machine.
    "worker_proc_alive_timeout": 120,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_transport_options": TRANSPORT,
}


def wake(celery: Celery, parcel_id: str, task: str) -> bool:
    """Tell a worker that this parcel is there. A broker that is away is no error: there is the sweeper."""
    if celery.conf.task_always_eager:
        celery.tasks[task].apply(args=(parcel_id,))
        return True
    try:
        celery.send_task(task, args=(parcel_id,), queue=task, ignore_result=True, retry=False)
    except (OperationalError, RedisError, OSError) as away:
        logger.warning("wake_failed", extra={"parcel": parcel_id, "reason": type(away).__name__})
        return False
    return True
