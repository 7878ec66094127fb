"""Estimates, and the confidence in each claim, from the evidence. Closed forms, no random numbers."""

from .estimates import Estimate, Weighed, estimate, interval_of_baseline, sample_size, weigh
from .projection import AdviceNumbers, advise
from .remarks import MORE_THAN_CHANCE, uneven_missing, who_lacks

__all__ = [
    "MORE_THAN_CHANCE",
    "AdviceNumbers",
    "Estimate",
    "Weighed",
    "advise",
    "estimate",
    "interval_of_baseline",
    "sample_size",
    "uneven_missing",
    "weigh",
    "who_lacks",
]
