"""Topics from a folder of vectors: names, floor, outliers, memory, and what a worker refuses."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.unit.workers.topic_doubles import LetterEncoder, write_folder
from workers import models
from workers.settings import Settings
from workers.topics import TopicError, make_topics
from workers.topics.artefact import read_artefact, readable, unit_rows
from workers.topics.memory import RememberedTopics
from workers.topics.routed import RoutedTopics
from workers.topics.vectors import VectorTopics

FILES = ["topics.json", "config.json", "topic_embeddings.safetensors"]
NAMES = {0: "Apples", 1: "Bananas", 2: "Cherries"}


def topics_of(folder: Path, encoder: LetterEncoder | None = None) -> VectorTopics:
    return VectorTopics(read_artefact(folder), encoder or LetterEncoder())


def settings(model: str, **more: str) -> Settings:
    variables: Mapping[str, str] = {"TOPIC_MODEL": model, **more}
    return Settings.from_env(variables)


def test_the_nearest_topic_gives_its_generated_name(tmp_path: Path) -> None:
    topics = topics_of(write_folder(tmp_path, NAMES))

    assert topics(["aab", "bbb", "c"]) == ["Apples", "Bananas", "Cherries"]


def test_without_a_generated_name_the_topic_has_bertopics_own(tmp_path: Path) -> None:
    topics = topics_of(write_folder(tmp_path, NAMES, topic_aspects={}))

    assert topics(["b"]) == ["1_word10_word11"]


def test_without_labels_the_name_is_made_as_bertopic_makes_it(tmp_path: Path) -> None:
    topics = topics_of(write_folder(tmp_path, NAMES, topic_aspects={}, topic_labels={}))

    assert topics(["c"]) == ["2_word20_word21_word22_word23"]


def test_the_outlier_row_stands_first_and_has_no_topic(tmp_path: Path) -> None:
    topics = topics_of(write_folder(tmp_path, {-1: "Whatever", 0: "Apples", 1: "Bananas"}))

    assert topics(["a", "b", "c"]) == ["undefined", "Apples", "Bananas"]


def test_below_the_floor_there_is_no_topic(tmp_path: Path) -> None:
    topics = topics_of(write_folder(tmp_path, NAMES, {"similarity_floor": 0.9}))

    assert topics(["aaaab", "aabb"]) == ["Apples", "undefined"]


def test_without_a_manifest_every_text_has_a_topic_as_in_bertopic(tmp_path: Path) -> None:
    topics = topics_of(write_folder(tmp_path, NAMES))

    assert topics(["abc", "xyz"]) == ["Apples", "Apples"]


def test_an_encoder_that_gives_no_numbers_is_an_error_and_not_undefined(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    topics = topics_of(write_folder(tmp_path, NAMES), encoder)
    encoder.encode = lambda texts: np.full((len(texts), 3), np.nan, dtype=np.float32)  # type: ignore[method-assign]

    with pytest.raises(TopicError, match="no numbers"):
        topics(["a"])


@pytest.mark.parametrize(
    ("aspect", "name"),
    [
        ("Chess", "Chess"),
        ([["Chess", 1], ["", 0]], "Chess"),
        ([[["Chess"], 1]], "Chess"),
        (["Chess", "Openings"], "Chess Openings"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_generated_name_is_read_in_every_form_that_bertopic_keeps(aspect: object, name: str) -> None:
    assert readable(aspect) == name


def test_a_row_of_zeros_stays_a_row_of_zeros() -> None:
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))

    assert np.allclose(rows, np.array([[0.6, 0.8], [0.0, 0.0]]))


# Two models side by side


def test_english_texts_and_all_others_are_asked_once_each_and_come_back_in_order() -> None:
    english, others = Counting(), Counting()
    topics = RoutedTopics(english, others, lambda text: "en" if text.isascii() else "de")

    assert topics(["a", "ä", "b", "ö"]) == ["A", "Ä", "B", "Ö"]
    assert (english.asked, others.asked) == ([["a", "b"]], [["ä", "ö"]])


def test_a_model_without_texts_is_not_asked() -> None:
    english, others = Counting(), Counting()

    assert RoutedTopics(english, others, lambda _: "undefined")(["a"]) == ["A"]
    assert english.asked == []


def test_the_manifest_names_the_companion(tmp_path: Path) -> None:
    assert read_artefact(write_folder(tmp_path, NAMES)).companion is None
    assert read_artefact(write_folder(tmp_path, NAMES, {"companion": "more"})).companion == tmp_path / "more"


def test_the_multilingual_encoder_needs_no_torch_and_reads_many_languages() -> None:
    code = (
        "import sys, numpy; from workers.topics.encoders import load_encoder\n"
        "encoder = load_encoder('universal-sentence-encoder-multilingual-3')\n"
        "bread, brot, car = encoder.encode(['How do I bake bread?', 'Wie backe ich Brot?', 'my brakes'])\n"
        "assert bread @ brot > 0.6 > 0.4 > brot @ car, (bread @ brot, brot @ car)\n"
        "assert len(encoder.weights_sha256) == 64 and encoder.dimension == 512 == len(brot)\n"
        "assert not {'torch', 'bertopic', 'sentence_transformers'} & sys.modules.keys()"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_light_answers_in_all_languages_without_torch() -> None:
    code = (
        "import sys; from workers import models; from workers.settings import Settings\n"
        "tools = models.load(Settings.from_env({'TOPIC_ENCODER': 'light'}))\n"
        "asked = ['Which flour for pizza dough?', 'Welches Mehl kommt in den Pizzateig?', 'Hi!']\n"
        "assert tools.topics(asked) == ['Cooking Recipes', 'Cooking Recipes', 'undefined']\n"
        "assert not {'torch', 'bertopic', 'sentence_transformers'} & sys.modules.keys()"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_light_without_a_companion_or_with_other_embeddings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TopicError, match="names no companion"):
        make_topics(settings(str(write_folder(tmp_path, NAMES)), TOPIC_ENCODER="light"))
    with pytest.raises(TopicError, match="unset TOPIC_EMBEDDINGS_MODEL"):
        make_topics(settings("./topic_model", TOPIC_ENCODER="light", TOPIC_EMBEDDINGS_MODEL="other"))


# What does not fit together


@pytest.mark.parametrize(
    ("manifest", "encoder", "complaint"),
    [
        ({}, LetterEncoder("abcd"), "vectors of 3 numbers, but the embeddings model 'letters' gives 4"),
        ({}, LetterEncoder(name="org/other"), "embeddings of 'letters'"),
        (
            {"embeddings": {"name": "letters", "weights_sha256": "aa"}},
            LetterEncoder(weights_sha256="bb"),
            "are others",
        ),
    ],
)
def test_vectors_and_embeddings_of_different_models_are_refused(
    tmp_path: Path, manifest: dict[str, object], encoder: LetterEncoder, complaint: str
) -> None:
    folder = write_folder(tmp_path, NAMES, manifest)

    with pytest.raises(TopicError, match=complaint):
        topics_of(folder, encoder)


def test_the_same_weights_under_another_name_fit(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, NAMES, {"embeddings": {"name": "letters", "weights_sha256": "aa"}})

    assert topics_of(folder, LetterEncoder(name="/models/copy", weights_sha256="aa"))(["a"]) == ["Apples"]


def test_the_same_model_with_and_without_its_owner_fits(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, NAMES)

    assert topics_of(folder, LetterEncoder(name="sentence-transformers/letters"))(["b"]) == ["Bananas"]


# Folders that cannot be read


@pytest.mark.parametrize("file", [*FILES, "manifest.json"])
@pytest.mark.parametrize("content", ["", "[1]", "{"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, file: str, content: str) -> None:
    folder = write_folder(tmp_path, NAMES)
    (folder / file).write_text(content)

    with pytest.raises(TopicError, match="not readable as a BERTopic folder") as caught:
        read_artefact(folder)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_one_sentence(tmp_path: Path, file: str) -> None:
    folder = write_folder(tmp_path, NAMES)
    (folder / file).unlink()

    with pytest.raises(TopicError, match="not readable as a BERTopic folder"):
        read_artefact(folder)


def test_more_topics_than_vectors_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, NAMES)
    save_file({"topic_embeddings": np.eye(2, dtype=np.float32)}, folder / "topic_embeddings.safetensors")

    with pytest.raises(TopicError, match="3 topics but 2 topic vectors"):
        read_artefact(folder)


# What TOPIC_MODEL may be


def test_topics_can_be_turned_off() -> None:
    assert make_topics(settings(""))(["how do I bake bread?", ""]) == ["undefined", "undefined"]


def test_a_pickled_model_is_refused(tmp_path: Path) -> None:
    pickled = tmp_path / "model.pickle"
    pickled.write_bytes(b"\x80\x04N.")

    with pytest.raises(TopicError, match="pickled model is refused"):
        make_topics(settings(str(pickled)))


def test_a_folder_without_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TopicError, match=r"holds no topic_embeddings\.safetensors"):
        make_topics(settings(str(tmp_path)))


@pytest.mark.parametrize("name", ["./missing", "/missing/folder", "model", "a/b/c"])
def test_what_is_neither_folder_nor_hub_name_is_refused(name: str) -> None:
    with pytest.raises(TopicError, match="neither a folder nor a hub name"):
        make_topics(settings(name))


def test_a_worker_without_a_readable_model_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(models.ModelError, match="TOPIC_MODEL") as caught:
        models.load(settings(str(tmp_path / "missing")))

    assert "\n" not in str(caught.value)


def test_turning_topics_off_loads_neither_torch_nor_bertopic() -> None:
    code = (
        "import sys; from workers import models; from workers.settings import Settings\n"
        "tools = models.load(Settings.from_env({'TOPIC_MODEL': ''}))\n"
        "assert tools.topics(['x']) == ['undefined']\n"
        "assert not {'torch', 'bertopic', 'sentence_transformers'} & sys.modules.keys()"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The memory in front


class Counting:
    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: list[str]) -> list[str]:
        self.asked.append(texts)
        return [text.upper() for text in texts]


def test_a_batch_is_one_call_with_each_text_once() -> None:
    model = Counting()

    assert RememberedTopics(model)(["a", "b", "a"]) == ["A", "B", "A"]
    assert model.asked == [["a", "b"]]


def test_what_was_asked_lately_is_not_asked_again() -> None:
    model = Counting()
    topics = RememberedTopics(model)
    topics(["a"])

    assert topics(["a", "b"]) == ["A", "B"]
    assert model.asked == [["a"], ["b"]]


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    model = Counting()
    topics = RememberedTopics(model, capacity=2)
    for text in ("a", "b", "a", "c"):
        topics([text])

    topics(["a"])
    topics(["b"])

    assert model.asked == [["a"], ["b"], ["c"], ["b"]]


def test_a_batch_larger_than_the_memory_is_answered_in_full() -> None:
    assert RememberedTopics(Counting(), capacity=2)(list("abcde")) == list("ABCDE")


def test_no_texts_and_empty_texts_cost_no_call() -> None:
    model = Counting()

    assert RememberedTopics(model)([]) == []
    assert RememberedTopics(model)(["", " \n"]) == ["undefined", "undefined"]
    assert model.asked == []


def test_a_lone_surrogate_does_not_reach_the_tokenizer() -> None:
    model = Counting()

    RememberedTopics(model)(["a\ud83d"])

    assert model.asked == [["a?"]]


def test_what_the_model_raises_goes_through() -> None:
    def failing(texts: list[str]) -> list[str]:
        raise TopicError("out of memory")

    with pytest.raises(TopicError, match="out of memory"):
        RememberedTopics(failing)(["a"])


def test_the_memory_keeps_nobodys_words() -> None:
    topics = RememberedTopics(Counting())
    topics(["my secret diary"])

    assert "secret" not in json.dumps([repr(key) for key in topics._known])
