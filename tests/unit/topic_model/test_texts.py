"""The texts that the model is made of: complete, without doubles, and never those of the evaluation."""

from pathlib import Path

import pytest

from tests.unit.topic_model.small import LEAST, NO_TOPIC, write, write_texts
from topic_model import texts
from topic_model.texts import Question, TextsError

LANGUAGES = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_texts(tmp_path / "texts")


def seeds_of(folder: Path, least: int = LEAST) -> list[texts.Seed]:
    return texts.read_seeds(texts.read_taxonomy(folder), folder, least)


def test_seeds_come_in_the_order_of_the_taxonomy_with_those_of_no_topic_last(folder: Path) -> None:
    seeds = seeds_of(folder)

    assert [seed.topic for seed in seeds[::LEAST]] == [
        "Baking Bread",
        "Car Repair",
        "Tax Returns",
        "undefined",
    ]
    assert [seed.text for seed in seeds[-LEAST:]] == NO_TOPIC


def test_a_topic_with_too_few_seeds_is_refused(folder: Path) -> None:
    with pytest.raises(TextsError, match=r"fewer than 7 seeds: Baking Bread \(6\); Car Repair \(6\)"):
        seeds_of(folder, least=7)


def test_a_seed_that_stands_twice_is_refused(folder: Path) -> None:
    write(folder / "no_topic.yaml", ["hello", " hello "])

    with pytest.raises(TextsError, match="twice: hello"):
        seeds_of(folder)


def test_seeds_of_an_unknown_topic_are_refused(folder: Path) -> None:
    write(folder / "seeds" / "other.yaml", {"Knitting": ["which wool"] * LEAST})

    with pytest.raises(TextsError, match="no topic of the taxonomy: Knitting"):
        seeds_of(folder)


def test_a_seed_that_stands_in_the_evaluation_is_refused(folder: Path) -> None:
    write(folder / "evaluation" / "a.yaml", [{"topic": "undefined", "language": "en", "text": "ok"}])

    with pytest.raises(TextsError, match="also stand in the evaluation: ok"):
        texts.refuse_leaks(seeds_of(folder), texts.read_questions(folder))


def test_a_file_that_is_no_yaml_is_named(folder: Path) -> None:
    (folder / "taxonomy.yaml").write_text("- [")

    with pytest.raises(TextsError, match=r"taxonomy\.yaml is not readable"):
        texts.read_taxonomy(folder)


def test_a_question_is_a_text_or_a_conversation(folder: Path) -> None:
    talk = [{"role": "system", "content": "You are a baker"}, {"role": "user", "content": "Which flour?"}]
    write(
        folder / "evaluation" / "a.yaml",
        [
            {"topic": "Car Repair", "language": "en", "text": "my brakes"},
            {"topic": "Baking Bread", "language": "en", "messages": talk, "trap": "system_prompt"},
        ],
    )

    assert texts.read_questions(folder) == [
        Question("Car Repair", "en", ({"role": "user", "content": "my brakes"},), ""),
        Question("Baking Bread", "en", tuple(talk), "system_prompt"),
    ]


def test_the_digest_of_seeds_changes_with_a_word(folder: Path) -> None:
    before = texts.seeds_sha256(seeds_of(folder))
    write(folder / "no_topic.yaml", [*NO_TOPIC[:-1], "who are YOU"])

    assert texts.seeds_sha256(seeds_of(folder)) != before


# The texts of the repository itself


def test_our_taxonomy_has_short_names_and_a_definition_each() -> None:
    taxonomy = texts.read_taxonomy()

    assert 60 <= len(taxonomy) <= 100
    assert all(1 <= len(topic.name.split()) <= 4 for topic in taxonomy)
    assert all(topic.definition for topic in taxonomy)


def test_our_seeds_are_complete_and_not_in_the_evaluation() -> None:
    seeds = texts.read_seeds(texts.read_taxonomy())
    questions = texts.read_questions()

    texts.refuse_leaks(seeds, questions)


def test_our_evaluation_asks_about_every_topic_in_many_languages() -> None:
    names = {topic.name for topic in texts.read_taxonomy()}
    questions = texts.read_questions()
    asked = [question.topic for question in questions]

    assert {topic for topic in asked if topic != texts.UNDEFINED} == names
    assert min(asked.count(name) for name in names) >= 8
    assert len({question.language for question in questions}) >= LANGUAGES
