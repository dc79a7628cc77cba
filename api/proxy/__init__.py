"""The recording proxy: answers every call as the upstream does, and remembers it."""
