"""The core: what one log record means. Values in, values out; no I/O, clock, randomness or environment."""
