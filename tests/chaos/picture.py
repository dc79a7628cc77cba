"""The timeline of a run as one SVG: records accepted and arrived, parcels waiting, faults as bands."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from tests.chaos.run import Outcome
from tests.chaos.watch import Sample

WIDTH, LEFT, RIGHT = 1200, 60, 20
LABELS, CURVES, WAITING, GAP, FOOT = 150, 260, 110, 34, 40
HEIGHT = LABELS + CURVES + GAP + WAITING + FOOT

Value = Callable[[Sample], float]


def timeline(outcome: Outcome) -> str:
    return "\n".join(_svg(outcome)) + "\n"


def _svg(outcome: Outcome) -> Iterator[str]:
    samples = outcome.samples
    start, end = samples[0].at, samples[-1].at
    to_x = _scale(start, end, LEFT, WIDTH - RIGHT)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#333">'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    yield from _bands(outcome, to_x)
    top, bottom = LABELS, LABELS + CURVES
    most = max(1, samples[-1].accepted)
    to_y = _scale(0, most, bottom, top)
    yield from _axis(to_y, most, "records")
    for colour, width, value in (
        ("#999", 6, lambda sample: sample.accepted),
        ("#d95f02", 2.5, lambda sample: sample.influx),
        ("#1b6ca8", 1.5, lambda sample: sample.sqlite),
    ):
        yield _line(samples, value, to_x, to_y, (colour, width))
    yield from _backlog(samples, to_x)
    yield from _foot(to_x, start, end)
    yield "</svg>"


def _backlog(samples: Sequence[Sample], to_x: Callable[[float], float]) -> Iterator[str]:
    top = LABELS + CURVES + GAP
    known = [sample for sample in samples if sample.backlog is not None]
    most = max(1, *(sample.backlog or 0 for sample in known))
    to_y = _scale(0, most, top + WAITING, top)
    yield from _axis(to_y, most, "parcels that wait")
    yield _line(known, lambda sample: sample.backlog or 0, to_x, to_y, ("#7a3b9c", 1.5))


def _scale(low: float, high: float, start: float, stop: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / ((high - low) or 1) * (stop - start)


def _line(
    samples: Sequence[Sample],
    value: Value,
    to_x: Callable[[float], float],
    to_y: Callable[[float], float],
    style: tuple[str, float],
) -> str:
    points = " ".join(f"{to_x(sample.at):.1f},{to_y(value(sample)):.1f}" for sample in samples)
    return f'<polyline fill="none" stroke="{style[0]}" stroke-width="{style[1]}" points="{points}"/>'


def _axis(to_y: Callable[[float], float], most: int, name: str) -> Iterator[str]:
    for value in (0, most):
        y = to_y(value)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>'
    middle = (to_y(0) + to_y(most)) / 2
    yield f'<text transform="translate(14 {middle:.1f}) rotate(-90)" text-anchor="middle">{name}</text>'


def _bands(outcome: Outcome, to_x: Callable[[float], float]) -> Iterator[str]:
    bottom = HEIGHT - FOOT
    for one in outcome.recoveries:
        x, width = to_x(one.episode.began), to_x(one.episode.ended) - to_x(one.episode.began)
        size = f'width="{max(2, width):.1f}" height="{bottom - LABELS}"'
        yield f'<rect x="{x:.1f}" y="{LABELS}" {size} fill="#f6d5d5"/>'
        at = x + width / 2
        name = escape(one.episode.name)
        yield f'<text transform="translate({at:.1f} {LABELS - 6}) rotate(-48)" font-size="11">{name}</text>'


def _foot(to_x: Callable[[float], float], start: float, end: float) -> Iterator[str]:
    y = HEIGHT - FOOT + 16
    step = 60 if end - start > 240 else 15
    for second in range(0, int(end - start) + 1, step):
        yield f'<text x="{to_x(start + second):.1f}" y="{y}" text-anchor="middle">{second} s</text>'
    legend = (
        ("#999", "accepted"),
        ("#d95f02", "in InfluxDB"),
        ("#1b6ca8", "in SQLite"),
        ("#f6d5d5", "fault"),
    )
    for place, (colour, name) in enumerate(legend):
        x = LEFT + place * 130
        yield f'<rect x="{x}" y="{y + 8}" width="14" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 20}" y="{y + 17}">{name}</text>'
