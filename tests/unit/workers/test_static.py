"""The static encoder: its table, what it answers, what it refuses, and how the table is made."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.unit.workers.topic_doubles import write_folder
from topic_model.distil import as_bytes, smaller, turned, weighted
from workers.settings import Settings
from workers.topics import TopicError, make_topics
from workers.topics.static import TABLE, TOKENIZER, StaticEncoder

FOLDER = Path("topic_model/static")


@pytest.fixture(scope="module")
def encoder() -> StaticEncoder:
    return StaticEncoder(FOLDER)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_texts_about_the_same_are_near_each_other(encoder: StaticEncoder) -> None:
    bread, dough, brakes = encoder.encode(
        ["How do I bake bread?", "my sourdough does not rise", "brakes of my car"]
    )

    assert cosine(bread, dough) > 0.2 > cosine(bread, brakes)


def test_a_text_without_tokens_is_a_row_of_zeros_and_a_long_one_is_cut(encoder: StaticEncoder) -> None:
    nothing, full, longer = encoder.encode(["", "bread " * 256, "bread " * 256 + "brakes"])

    assert not nothing.any()
    assert np.array_equal(full, longer)
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_a_text_has_the_same_vector_in_any_company(encoder: StaticEncoder) -> None:
    alone = encoder.encode(["how long to bake bread"])

    assert np.array_equal(encoder.encode(["x", "how long to bake bread", ""])[1], alone[0])


def test_static_answers_english_by_its_table_and_all_else_by_the_companion_without_torch() -> None:
    code = (
        "import sys; from workers import models; from workers.settings import Settings\n"
        "tools = models.load(Settings.from_env({'TOPIC_ENCODER': 'static'}))\n"
        "asked = ['Which flour do I need for pizza dough?', 'Welches Mehl kommt in den Pizzateig?', 'Hi!']\n"
        "assert tools.topics(asked) == ['Cooking Recipes', 'Cooking Recipes', 'undefined']\n"
        "assert not {'torch', 'bertopic', 'sentence_transformers', 'model2vec'} & sys.modules.keys()"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("file", [TABLE, TOKENIZER])
def test_a_damaged_or_missing_table_is_one_sentence(tmp_path: Path, file: str) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "static")
    (folder / file).write_bytes((folder / file).read_bytes()[:-1])

    with pytest.raises(TopicError, match="damaged"):
        make_topics(Settings.from_env({"TOPIC_MODEL": str(folder)}))
    (folder / file).unlink()
    with pytest.raises(TopicError, match="not readable"):
        make_topics(Settings.from_env({"TOPIC_MODEL": str(folder)}))


def test_static_needs_a_model_that_has_one_and_no_other_embeddings(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {0: "Apples", 1: "Bananas", 2: "Cherries"})

    with pytest.raises(TopicError, match="names no static encoder"):
        make_topics(Settings.from_env({"TOPIC_MODEL": str(folder), "TOPIC_ENCODER": "static"}))
    with pytest.raises(TopicError, match="is static, which has its own embeddings"):
        make_topics(Settings.from_env({"TOPIC_ENCODER": "static", "TOPIC_EMBEDDINGS_MODEL": "other"}))


def test_a_table_of_bytes_stays_near_the_vectors_and_comes_out_the_same_again() -> None:
    tokens = np.random.default_rng(1).normal(size=(500, 24))
    once, again = (as_bytes(smaller(weighted(tokens), 24)) for _ in range(2))
    back = once["vectors"].astype(np.float64) * once["scales"][:, None]

    assert all(np.array_equal(once[name], again[name]) for name in once)
    assert np.allclose(back @ back.T, weighted(tokens) @ weighted(tokens).T, atol=0.02 * 24)


def test_frequent_tokens_count_less_than_rare_ones() -> None:
    lengths = np.linalg.norm(weighted(np.tile(np.array([[1.0], [-1.0]]), (500, 1))), axis=1)

    assert 30 * lengths[0] < lengths[-1]


def test_the_map_turns_means_towards_what_the_teacher_says() -> None:
    means = np.repeat(np.eye(3), 200, axis=0)
    wanted = means[:, [1, 2, 0]]

    assert np.allclose(turned(np.eye(3), means, wanted), np.eye(3)[:, [1, 2, 0]], atol=0.01)
