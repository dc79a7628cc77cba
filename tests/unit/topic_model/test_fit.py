"""Topic vectors out of labelled vectors."""

import numpy as np
import pytest

from topic_model.fit import Labels, Matrix, fit, train_vectors, unit

TOPICS, EACH, WIDTH = 6, 30, 12


@pytest.fixture
def clouds() -> tuple[Matrix, Labels]:
    """Topics that share most of their direction, as texts of one domain do."""
    dice = np.random.default_rng(1)
    centres = dice.normal(size=(TOPICS, WIDTH)) * 0.5 + 1
    labels = np.repeat(np.arange(TOPICS), EACH)
    return unit(centres[labels] + dice.normal(size=(len(labels), WIDTH)) * 0.35), labels


def test_vectors_have_length_one(clouds: tuple[Matrix, Labels]) -> None:
    vectors = train_vectors(*clouds)

    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_trained_vectors_tell_topics_apart_better_than_their_means(clouds: tuple[Matrix, Labels]) -> None:
    embeddings, labels = clouds
    middle = unit(np.stack([embeddings[labels == topic].mean(axis=0) for topic in range(TOPICS)]))

    def right(vectors: Matrix) -> float:
        return float(((embeddings @ vectors.T).argmax(axis=1) == labels).mean())

    assert right(train_vectors(embeddings, labels)) > right(middle)


def test_the_same_seeds_give_the_same_vectors(clouds: tuple[Matrix, Labels]) -> None:
    assert train_vectors(*clouds).tobytes() == train_vectors(*clouds).tobytes()


def test_few_seeds_fall_below_the_floor(clouds: tuple[Matrix, Labels]) -> None:
    embeddings, labels = clouds
    fitted = fit(embeddings, labels)
    nearest = (unit(embeddings) @ fitted.vectors.T).max(axis=1)

    assert (nearest < fitted.floor).mean() < 0.06
    assert fitted.floor > 0.2


def test_the_accuracy_is_that_of_seeds_held_out(clouds: tuple[Matrix, Labels]) -> None:
    embeddings, labels = clouds
    shuffled = np.random.default_rng(2).permutation(labels)

    assert fit(embeddings, labels).accuracy > 0.7
    assert fit(embeddings, shuffled).accuracy < 0.4
