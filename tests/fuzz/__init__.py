"""Coverage-guided fuzzing; `make fuzz`, never part of `make test`."""
