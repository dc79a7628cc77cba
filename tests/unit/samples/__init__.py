"""The sample log and the generator that writes it."""
