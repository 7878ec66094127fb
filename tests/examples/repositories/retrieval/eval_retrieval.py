"""Recall and reciprocal rank of a retriever on the team's questions."""

import argparse
import json
from pathlib import Path

ROOT = Path(__file__).parent


def words(text: str, *, stemmed: bool) -> set[str]:
    return {word.rstrip("s") if stemmed else word for word in text.lower().split()}


def ranked(question: str, documents: dict[str, str], *, stemmed: bool) -> list[str]:
    asked = words(question, stemmed=stemmed)
    shared = {name: len(asked & words(text, stemmed=stemmed)) for name, text in documents.items()}
    return sorted(documents, key=lambda name: (-shared[name], name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["plain", "stemmed"], default="plain")
    parser.add_argument("-k", type=int, default=3)
    options = parser.parse_args()
    documents = json.loads((ROOT / "data/documents.json").read_text())
    questions = [json.loads(line) for line in (ROOT / "data/questions.jsonl").read_text().splitlines()]
    ranks = [
        ranked(one["question"], documents, stemmed=options.model == "stemmed").index(one["answer"]) + 1
        for one in questions
    ]
    print(f"{len(ranks)} questions, {len(documents)} documents")
    recall = sum(rank <= options.k for rank in ranks) / len(ranks)
    print(
        json.dumps(
            {
                f"recall@{options.k}": recall,
                "mrr": sum(1 / rank for rank in ranks) / len(ranks),
                "n": len(ranks),
            }
        )
    )


if __name__ == "__main__":
    main()
