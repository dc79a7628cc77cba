"""When a worker counts as deaf: messages wait, it is idle, and nothing has moved for a while."""

from workers.watchdog import PATIENCE, Progress


def test_idle_while_messages_wait_is_deaf_after_some_patience() -> None:
    progress = Progress()
    seen = [progress.stuck(done=5, busy=False, waiting=2) for _ in range(PATIENCE + 1)]

    assert seen == [False] * PATIENCE + [True]


def test_a_busy_worker_is_not_deaf() -> None:
    progress = Progress()

    assert not any(progress.stuck(done=5, busy=True, waiting=9) for _ in range(20))


def test_an_empty_queue_makes_nobody_deaf() -> None:
    progress = Progress()

    assert not any(progress.stuck(done=5, busy=False, waiting=0) for _ in range(20))


def test_progress_starts_the_patience_anew() -> None:
    progress = Progress()

    assert not any(progress.stuck(done=number // 3, busy=False, waiting=9) for number in range(30))
