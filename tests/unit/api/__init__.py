"""Tests of the doors that need no socket."""
