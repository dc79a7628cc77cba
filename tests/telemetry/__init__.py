"""What telemetry tells, from the line of the log to the span, the metrics and the report."""
