"""Folds that are no plain mean."""

import numpy as np


def mean_fifth(scores):
    return np.mean(scores) / 5


def median(scores):
    return np.median(scores)
