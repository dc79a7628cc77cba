"""Every way in which the core can fail, on one page.

A reason is a short snake_case code: the same word stands in the dead letter, the counter and the test.
Nothing here ever carries text of a record, which is somebody's conversation.
"""

from __future__ import annotations


class AnalyticsError(Exception):
    """A failure of the core, known by its reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedRecord(AnalyticsError):
    """A record that can never become points, however often it is tried.

    | reason | the record |
    |---|---|
    | invalid_json | is not JSON, for example because the line ends abruptly |
    | nested_too_deep | nests more levels than anything honest does |
    | not_an_object | is JSON, but not an object |
    | missing_request, missing_uri, missing_time | lacks what tells which call it was, and when |
    | invalid_uri, invalid_time | has it, but of no use |
    | missing_response_id | is a rating of nobody knows what |
    """


UNREADABLE_RECORD = "unreadable_record"
"""The reason of a record that made the core fail: a defect of ours, replayed after the fix."""
