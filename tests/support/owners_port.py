"""CODEOWNERS by regular expressions: another reading of GitHub's documentation, to hold ours against.

It shares nothing with the program: one expression a pattern, built the way that github.com/hmarr/codeowners
(MIT) builds them, and repositories with patterns and paths that try to tell the two apart.
"""

from __future__ import annotations

import re
from random import Random

WORDS = (
    "a", "b", "ab", "evaluation", "v1.2", ".remyx", "policies", "x.yaml", "ünï", "with space", "a*b", "docs",
)  # fmt: skip
PARTS = (
    "*", "?", "*.yaml", "a*", "*b", "a?b", "v1.*", ".*", "**", "*a*b*", "????", "ün*",
    "with\\ space", "a\\*b",
)  # fmt: skip
OWNERS = ("@a", "@org/leads", "b@example.com")
EVERYTHING = re.compile(r".+", re.DOTALL)
NOTHING = re.compile(r"(?!)")


def expression(pattern: str) -> re.Pattern[str]:
    """Return the expression that matches the whole of each path that a pattern means."""
    if pattern == "/":
        return NOTHING
    parts = pattern.split("/")
    if parts[0] == "":
        parts = parts[1:]
    elif (len(parts) == 1 or (len(parts) == 2 and parts[1] == "")) and parts[0] != "**":
        parts = ["**", *parts]
    if len(parts) > 1 and parts[-1] == "":
        parts[-1] = "**"
    parts = [
        part for index, part in enumerate(parts) if not index or (part, parts[index - 1]) != ("**", "**")
    ]
    if parts == ["**"]:
        return EVERYTHING
    text, slash = "", False
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            text += r"(?:.+/)?" if index == 0 else r"/.*" if last else r"(?:/.+)?"
            slash = 0 < index < len(parts) - 1
            continue
        text += "/" if slash else ""
        slash = True
        if part == "*":
            text += r"[^/]+"
            continue
        text += "".join(
            re.escape(sign[1]) if len(sign) == 2 else {"*": r"[^/]*", "?": r"[^/]"}.get(sign, re.escape(sign))
            for sign in re.findall(r"\\.|.", part, re.DOTALL)
        )
        text += r"(?:/.*)?" if last else ""
    return re.compile(text, re.DOTALL)


def owners_by_expression(text: str) -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    """Return the rules of a file in order; it must hold no wrong line."""
    rules = []
    for line in text.splitlines():
        words = [word for word in re.findall(r"(?:\\.|[^\s\\])+", line.partition(" #")[0]) if word]
        if words and not words[0].startswith("#"):
            rules.append((expression(words[0]), tuple(words[1:])))
    return rules


def owners_of(rules: list[tuple[re.Pattern[str], tuple[str, ...]]], path: str) -> tuple[str, ...]:
    """Return the owners by the last rule that matches; empty: none."""
    return next((owners for rule, owners in reversed(rules) if rule.fullmatch(path)), ())


def repository(seed: int, *, paths: int = 1000, lines: int = 40) -> tuple[str, list[str]]:
    """Return a CODEOWNERS and the paths of a repository."""
    random = Random(seed)
    files = {"/".join(random.choices(WORDS, k=random.randint(1, 5))) for _ in range(paths * 3)}
    text = "".join(
        f"{_pattern(random)} {' '.join(random.sample(OWNERS, random.randint(0, 2)))}\n" for _ in range(lines)
    )
    return f"* @everyone\n{text}", sorted(files)[:paths]


def _pattern(random: Random) -> str:
    parts = [
        random.choice(PARTS)
        if random.random() < 0.5
        else random.choice(WORDS).replace(" ", "\\ ").replace("*", "\\*")
        for _ in range(random.randint(1, 4))
    ]
    while parts.count("**") > 3:  # expressions backtrack
        parts.remove("**")
    end = random.random() < 0.3 and parts[-1] != "**"  # nobody documents what `**/` means
    return "/" * (random.random() < 0.6) + "/".join(parts) + "/" * end
