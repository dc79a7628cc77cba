"""Chaos: a steady stream of records goes in while everything dies; afterwards every id is looked for."""
