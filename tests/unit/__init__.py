"""Unit tests: values in, values out; no socket, no sleep."""
