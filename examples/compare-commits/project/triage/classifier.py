"""Which queue a support message belongs to, by the words in it."""

import re

WORDS = {
    "refund": {"refund", "money", "charged"},
    "delivery": {"parcel", "courier", "delivered", "where"},
    "account": {"password", "log", "account"},
    "defect": {"broken", "crack", "damaged"},
}


def queue_of(text: str) -> str:
    """The queue with most of its words in the text; the first one where several have as many."""
    words = re.findall(r"[a-z]+", text.lower())
    counts = {queue: sum(word in known for word in words) for queue, known in WORDS.items()}
    return max(counts, key=lambda queue: counts[queue])
