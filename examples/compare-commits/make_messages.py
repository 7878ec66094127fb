"""Write project/evaluation/messages.jsonl: support messages, put together from phrases, with their queue.

The phrases are made up; the file is the same on every machine. It stands in the repository, so this
program is run again only when somebody changes the phrases: `python3 make_messages.py`.
"""

import json
from itertools import product
from pathlib import Path

THINGS = ["kettle", "lamp", "jacket", "radio", "backpack"]

PROBLEMS = {
    "refund": [
        "I want my money back for the {thing}",
        "please refund the {thing}",
        "I was charged twice for the {thing}",
        "the {thing} was cheaper yesterday, can you pay the difference",
        "I am still waiting for the reimbursement of the {thing}",
        "you have billed me for a {thing} that I cancelled",
        "the voucher was not taken off the price of the {thing}",
        "I sent the {thing} back and my money is not here",
        "how long does a refund of the {thing} take",
        "my card was charged for a {thing} that I never ordered",
        "I paid for a {thing} and changed my mind, can I have my money",
        "the {thing} costs less in the shop, please refund the rest",
    ],
    "delivery": [
        "where is my {thing}",
        "the parcel with the {thing} has not arrived",
        "the courier left the {thing} in the rain",
        "tracking says that the {thing} was delivered, but it was not",
        "can you ship the {thing} to another address",
        "the {thing} is late",
        "the {thing} was delivered to my neighbour",
        "I was at home and the courier took the {thing} away again",
        "when will the {thing} come",
        "the parcel of the {thing} went to the wrong town",
        "where can I collect the {thing}",
        "the {thing} has been in the depot for days",
    ],
    "account": [
        "I cannot log in to pay for the {thing}",
        "my password does not work, and I want to order a {thing}",
        "please change my email address before you confirm the {thing}",
        "the website signed me out while I was buying a {thing}",
        "delete my account after the {thing} is paid",
        "I am locked out and have a {thing} in the basket",
        "my account shows a {thing} that I did not buy",
        "I forgot my password and cannot see the {thing}",
        "how do I change the name on my account before I order a {thing}",
        "the code to log in never comes, and the {thing} is on sale",
        "please merge my two accounts, the {thing} is in the old one",
        "somebody else ordered a {thing} with my password",
    ],
    "defect": [
        "the {thing} is broken",
        "the {thing} stopped working after a week",
        "the {thing} has a crack",
        "my {thing} makes a strange noise",
        "the {thing} arrived damaged",
        "a part of the {thing} is missing",
        "the {thing} came broken out of the box",
        "there is a crack in the bottom of the {thing}",
        "the {thing} gets too hot",
        "the colour of the {thing} comes off",
        "the {thing} was damaged when I opened it",
        "the handle of the {thing} is broken",
    ],
}

FRAMES = ["{problem}.", "I am not happy: {problem}!", "{problem}, and nobody answers the phone."]


def messages() -> list[dict[str, str]]:
    """720 messages, each with its id, phrase, text and the queue that a person would choose."""
    rows = []
    for queue, problems in PROBLEMS.items():
        for number, problem in enumerate(problems, start=1):
            phrase = f"{queue}-{number:02d}"
            for thing, (frame_number, frame) in product(THINGS, enumerate(FRAMES, start=1)):
                text = frame.format(problem=problem.format(thing=thing))
                name = f"{phrase}-{thing}-{frame_number}"
                rows.append(
                    {"id": name, "phrase": phrase, "queue": queue, "text": text[0].upper() + text[1:]}
                )
    return rows


if __name__ == "__main__":
    file = Path(__file__).parent / "project" / "evaluation" / "messages.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in messages()), encoding="utf-8")
