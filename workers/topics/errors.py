"""The one way in which topics fail: a sentence for the person who starts the worker."""


class TopicError(Exception):
    """The topic model cannot serve; the text is one sentence and holds no words of any conversation."""
