"""The shop floor: parcels in Redis, Celery tasks, the models a process holds, and the sinks."""
