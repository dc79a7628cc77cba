"""Seeds to topic vectors: one direction a topic, so that the nearest by cosine is most often the right one.

The mean of a topic's seeds is the start; a cosine classifier then turns it away from the neighbours that it
is mixed up with. Both use nothing but cosines, so BERTopic's own `transform` gives the same answers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped] # its stubs are a package of 100 MB
from scipy.special import log_softmax  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Matrix = NDArray[np.float64]
Labels = NDArray[np.intp]

# Chosen by five-fold cross-validation on the seeds; see README.md, "How it was made".
SHARPNESS = 12.0
PULL = 0.3
STEPS = 150
FOLDS = 5
# Of the seeds, seen from vectors that were not trained on them, so many may fall below the floor.
LOST = 0.03


@dataclass(frozen=True, slots=True)
class Fit:
    vectors: Matrix
    floor: float
    accuracy: float  # of the folds, on seeds that were held out


def unit(rows: Matrix) -> Matrix:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def means(embeddings: Matrix, labels: Labels) -> Matrix:
    return unit(np.stack([embeddings[labels == label].mean(axis=0) for label in range(labels.max() + 1)]))


def train_vectors(embeddings: Matrix, labels: Labels) -> Matrix:
    """Vectors of length one, in the order of the labels. One BLAS thread, for the same bytes each time."""
    start = means(embeddings, labels)
    truth = np.eye(len(start))[labels]
    # A topic with more seeds says no more than another one.
    weights = (1 / np.bincount(labels))[labels][:, None] / len(start)

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        rows = flat.reshape(start.shape)
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        directions = rows / lengths
        logs = log_softmax(SHARPNESS * (embeddings @ directions.T), axis=1)
        pull = PULL * (1 - np.sum(directions * start, axis=1)).mean()
        slope = SHARPNESS * ((np.exp(logs) - truth) * weights).T @ embeddings - PULL * start / len(start)
        # Only the turn counts: the slope along the direction itself changes nothing.
        slope = (slope - directions * np.sum(slope * directions, axis=1, keepdims=True)) / lengths
        return float(-(truth * logs * weights).sum() + pull), slope.ravel()

    with threadpool_limits(limits=1):
        found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return unit(found.x.reshape(start.shape))


def fit(embeddings: NDArray[np.floating], labels: Labels, outlier: int | None = None) -> Fit:
    """Vectors from all seeds; floor and accuracy from folds, where no vector ever saw the seeds it meets."""
    rows = unit(np.asarray(embeddings, dtype=np.float64))
    folds = np.random.default_rng(0).permutation(len(labels)) % FOLDS
    nearest, similarity = np.empty_like(labels), np.empty(len(labels))
    for fold in range(FOLDS):
        held = folds == fold
        cosines = rows[held] @ train_vectors(rows[~held], labels[~held]).T
        nearest[held], similarity[held] = cosines.argmax(axis=1), cosines.max(axis=1)
    topical = labels != outlier
    floor = float(np.quantile(similarity[topical], LOST))
    # Four digits: the floor is printed, compared and published.
    return Fit(train_vectors(rows, labels), round(floor, 4), round(float((nearest == labels).mean()), 4))
