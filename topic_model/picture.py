"""A page that shows what is mixed up: a map of domains, and the pairs of topics behind it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from topic_model.scores import Answered, Scores
from topic_model.texts import UNDEFINED

WORST = 40
STYLE = """
body { font: 15px system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 }
th { font-weight: 500; text-align: right; padding: .15rem .5rem }
thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; vertical-align: bottom }
td { width: 2.1rem; height: 1.7rem; text-align: center; border: 1px solid #eee }
.pairs td { width: auto; padding: .15rem .8rem; text-align: left }
"""


def page(answers: Sequence[Answered], scores: Scores, domain_of: Mapping[str, str]) -> str:
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Topic model: confusions</title><style>{STYLE}</style>
<h1>What the topic model mixes up</h1>
<p>{scores.topics} topics right, {scores.domains} domains right, V-measure {scores.v_measure:.3f}.
A row is the right domain, a column the one that was answered; figures are per cent of the row.</p>
{_map(answers, domain_of)}
<h2>The worst pairs</h2>
{_pairs(scores)}
</html>
"""


def _map(answers: Sequence[Answered], domain_of: Mapping[str, str]) -> str:
    domains = [*dict.fromkeys(domain_of.values()), UNDEFINED]
    cells = Counter(
        (domain_of.get(one.question.topic, UNDEFINED), domain_of.get(one.answer, UNDEFINED))
        for one in answers
    )
    head = "".join(f"<th>{escape(domain)}</th>" for domain in domains)
    rows = "".join(f"<tr><th>{escape(right)}</th>{_row(right, domains, cells)}</tr>" for right in domains)
    return f"<table><thead><tr><td></td>{head}</tr></thead>{rows}</table>"


def _row(right: str, domains: Sequence[str], cells: Mapping[tuple[str, str], int]) -> str:
    total = sum(cells.get((right, answered), 0) for answered in domains)
    return "".join(
        _cell(cells.get((right, answered), 0) / (total or 1), right == answered) for answered in domains
    )


def _cell(part: float, right: bool) -> str:
    hue, text = (150 if right else 10), f"{part:.0%}".rstrip("%") if part else ""
    return f'<td style="background: hsl({hue} 70% {100 - 55 * part**0.5:.0f}%)">{text}</td>'


def _pairs(scores: Scores) -> str:
    rows = "".join(
        f"<tr><td>{count}</td><td>{escape(right)}</td><td>answered {escape(answered)}</td></tr>"
        for right, answered, count in scores.confusions[:WORST]
    )
    return f'<table class="pairs">{rows}</table>'
