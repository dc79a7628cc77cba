"""The Lua scripts of this package: each is one atomic step, with what they share put in front."""

from pathlib import Path
from typing import Any

from redis import Redis

LUA = Path(__file__).with_name("lua")


class Scripts:
    """Call it with the name of a script and its arguments."""

    def __init__(self, redis: Redis) -> None:
        common = (LUA / "common.lua").read_text("utf-8")
        paths = (path for path in LUA.glob("*.lua") if path.stem != "common")
        self._scripts = {path.stem: redis.register_script(common + path.read_text("utf-8")) for path in paths}

    def __call__(self, script: str, *args: bytes | str | float) -> Any:
        return self._scripts[script](args=args)
