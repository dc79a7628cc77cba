"""What OpenTelemetry is told of an event: a span with its attributes, and what is measured."""
