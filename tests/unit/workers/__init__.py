"""Unit tests of the shop floor."""
