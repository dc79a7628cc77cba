"""Tests of the house itself: images, compose, packaging, make targets, sizes, layers, documents."""
