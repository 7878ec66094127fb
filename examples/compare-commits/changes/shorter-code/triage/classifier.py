"""Which queue a support message belongs to, by the words in it."""

WORDS = {
    "account": "pass log acc app",
    "refund": "refund money charge",
    "delivery": "parcel courier deliver where",
    "defect": "bro crack damage",
}


def queue_of(text: str) -> str:
    """The queue of the first word that is found."""
    return next(
        (queue for queue, words in WORDS.items() if any(word in text for word in words.split())), "refund"
    )
