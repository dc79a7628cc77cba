"""Integration tests: our code against real servers and real worker processes."""
