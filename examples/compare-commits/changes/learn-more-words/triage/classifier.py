"""Which queue a support message belongs to, by the words in it."""

import re

WORDS = {
    "refund": {"refund", "money", "charged", "billed", "reimbursement", "voucher"},
    "delivery": {"parcel", "courier", "delivered", "where", "ship", "late", "tracking", "depot"},
    "account": {"password", "log", "account", "accounts", "email", "signed", "locked"},
    "defect": {"broken", "crack", "damaged", "noise", "missing", "stopped", "hot"},
}


def queue_of(text: str) -> str:
    """The queue with most of its words in the text; the first one where several have as many."""
    words = re.findall(r"[a-z]+", text.lower())
    counts = {queue: sum(word in known for word in words) for queue, known in WORDS.items()}
    return max(counts, key=lambda queue: counts[queue])
