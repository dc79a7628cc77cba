"""Scores a topic model on texts it was never trained on: `python topic_model/evaluate.py [--model FOLDER]`.

Each text goes the way of a real record: a log line, the core's choice of words, the topic model.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # as in train.py


from analytics import surfaces
from analytics.enrichment import TopicModel
from analytics.record import parse
from analytics.text import topic_text
from topic_model import texts
from topic_model.picture import page
from topic_model.scores import Answered, Scores, Share, score
from topic_model.texts import Question
from workers.topics import TopicError
from workers.topics.vectors import static_topics, vector_topics

CHUNK = 200
console = Console()
err = Console(stderr=True)


def words(question: Question) -> str:
    """What the service would look at, had this conversation been logged."""
    exchange = surfaces.read(parse(log_line(question)))
    return topic_text(exchange) if exchange else ""


def log_line(question: Question) -> str:
    """The conversation as DIAL Core logs it; a last message of the assistant is the reply."""
    messages = list(question.messages)
    reply = messages.pop()["content"] if messages[-1]["role"] == "assistant" else ""
    request = {
        "uri": "/openai/deployments/assistant/chat/completions",
        "method": "POST",
        "time": "2026-01-01T00:00:00",
        "body": json.dumps({"messages": messages}),
    }
    answer = {"choices": [{"index": 0, "message": {"role": "assistant", "content": reply}}]}
    response = {"status": "200", "body": json.dumps(answer)}
    return json.dumps({"chat": {"id": "evaluation"}, "request": request, "response": response})


def answer(questions: Sequence[Question], topics: TopicModel) -> list[Answered]:
    answers: list[Answered] = []
    starts = range(0, len(questions), CHUNK)
    for start in track(starts, description="asking", console=err, disable=not err.is_terminal):
        chunk = questions[start : start + CHUNK]
        names = topics([words(question) for question in chunk])
        answers += [Answered(question, name) for question, name in zip(chunk, names, strict=True)]
    return answers


def show(scores: Scores) -> None:
    figures = {
        "topic right": scores.topics,
        "domain right": scores.domains,
        "English, topic right": scores.english,
        "English, domain right": scores.english_domains,
        "12 large languages, topic right": scores.large_languages,
        "12 large languages, domain right": scores.large_domains,
        "other languages, topic right": scores.other_languages,
        "a topic, but undefined": scores.unanswered,
        "no topic, left undefined": scores.left_undefined,
    }
    console.print(_table("all", figures))
    console.print(f"V-measure {scores.v_measure:.3f}")
    for title, shares in (
        ("language", scores.by_language),
        ("trap", scores.by_trap),
        ("domain", scores.by_domain),
    ):
        console.print(_table(title, shares))
    worst = Table("times", "right", "answered", title="worst confusions")
    for right, answered, count in scores.confusions[:20]:
        worst.add_row(str(count), right, answered)
    console.print(worst)


def show_agreement(answers: Sequence[Answered], full: Sequence[Answered]) -> None:
    """How often the static encoder says what the full one says, of the texts that are English."""
    same = [one.answer == two.answer for one, two in zip(answers, full, strict=True) if _english(one)]
    console.print(f"the answer of the full encoder, English: {Share(sum(same), len(same))}")


def _english(one: Answered) -> bool:
    return one.question.language == "en"


def _table(title: str, shares: Mapping[str, Share]) -> Table:
    table = Table(title, "share", "of")
    for name, one in shares.items():
        table.add_row(name, f"{one.value:.1%}", str(one.of))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=texts.FOLDER, help="a BERTopic folder (default: ours)")
    parser.add_argument("--embeddings", default="", help="(default: the one that the folder names)")
    parser.add_argument("--static", action="store_true", help="as with TOPIC_ENCODER=static")
    parser.add_argument("--picture", type=Path, help="also write an HTML page of the confusions")
    asked = parser.parse_args(arguments)
    try:
        questions = texts.read_questions()
        domain_of = {topic.name: topic.domain for topic in texts.read_taxonomy()}
        full = vector_topics(asked.model, asked.embeddings, "cpu")
        answers = answer(questions, static_topics(asked.model) if asked.static else full)
        if asked.static:
            show_agreement(answers, answer(questions, full))
    except (texts.TextsError, TopicError) as error:
        err.print(f"[red]not evaluated:[/] {error}", soft_wrap=True)
        return 1
    scores = score(answers, domain_of)
    show(scores)
    if asked.picture:
        asked.picture.write_text(page(answers, scores, domain_of), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
