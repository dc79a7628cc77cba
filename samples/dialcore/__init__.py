"""A small imitation of DIAL Core: turns conversations into the log lines that Core would have written."""
