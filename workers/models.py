"""The models that a worker holds, loaded at its start: if one cannot serve, the worker does not start."""

from analytics.language import detect
from analytics.pipeline import Tools
from workers.otel_knobs import listening
from workers.prices import PricesError, make_prices
from workers.settings import Settings
from workers.topics import TopicError, make_topics

# Long enough to be judged, so that the detector reads its profiles now and not under the first record.
WARM_UP = "The worker reads its language profiles before the first record comes."


class ModelError(Exception):
    """What is missing or does not fit, in one sentence."""


def load(settings: Settings) -> Tools:
    """Language detector, topic model and price book, ready to serve; raises ModelError."""
    try:
        prices = make_prices(settings)
        topics = make_topics(settings)
        detect(WARM_UP)
    except (PricesError, TopicError, ValueError) as error:
        raise ModelError(str(error)) from error
    except ImportError as error:
        raise ModelError(f"{error.name} is not installed: pip install 'dial-analytics[worker]'") from error
    return Tools(detector=detect, topics=topics, prices=prices, listener=listening(settings))
