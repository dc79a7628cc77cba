"""The picture of the topics, those that are alike near each other: `python topic_model/map.py OUT.svg`."""

import sys
from html import escape
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # as in train.py

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from topic_model import texts
from workers.topics.artefact import read_artefact

WIDTH, HEIGHT, EDGE = 1500, 1300, 90
LINE = 17


def places(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """A place in the picture for each topic, the same every time."""
    found = TSNE(metric="cosine", perplexity=8, init="random", random_state=0).fit_transform(vectors)
    ranks = found.argsort(axis=0).argsort(axis=0) / max(1, len(found) - 1)
    return np.asarray(EDGE + ranks * (WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE))


def picture(names: list[str], spots: NDArray[np.float64], domain_of: dict[str, str]) -> str:
    domains = list(dict.fromkeys(domain_of.values()))
    hues = {domain: 360 * number // len(domains) for number, domain in enumerate(domains)}
    marks = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="5" fill="hsl({hues[domain_of[name]]} 70% 45%)"/>'
        f'<text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle">{escape(name)}</text>'
        for name, (x, y) in zip(names, spots, strict=True)
    )
    legend = "".join(
        f'<circle cx="20" cy="{20 + LINE * n}" r="5" fill="hsl({hue} 70% 45%)"/>'
        f'<text x="32" y="{24 + LINE * n}">{escape(domain)}</text>'
        for n, (domain, hue) in enumerate(hues.items())
    )
    style = 'font-family="sans-serif" font-size="12" fill="#222"'
    size = f'viewBox="-130 0 {WIDTH + 130} {HEIGHT}"'
    back = f'<rect x="-130" width="{WIDTH + 130}" height="{HEIGHT}" fill="white"/>'
    body = f'{back}<g {style}>{marks}<g transform="translate(-120)">{legend}</g></g>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>\n'


def main(out: Path) -> None:
    model = read_artefact(texts.FOLDER)
    domain_of = {topic.name: topic.domain for topic in texts.read_taxonomy()}
    rows = [row for row, name in enumerate(model.names) if name in domain_of]
    spots = places(model.vectors[rows])
    out.write_text(picture([model.names[row] for row in rows], spots, domain_of), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
