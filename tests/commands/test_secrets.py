"""A secret that a harness is given is in no comment, check, summary, report, log, file or archive."""

from __future__ import annotations

import base64
import tarfile
from pathlib import Path
from urllib.parse import quote

import pytest

from remyx_action.errors import NotJudged
from remyx_action.runtimes import Secrets
from support.jobs import Ended, Jobs, jobs_on
from support.places import Place
from support.small_project import HARNESS, TEMPLATE, UNLOCKED, locked, model

SECRET = "hf_SECRETsecretSECRET"
LEFT = {
    "printed": "print(token)",
    "on standard error": "print('Bearer', token, file=sys.stderr)",
    "over two lines": "print(token[:8]); print(token[8:])",
    "in two pieces": "os.write(1, token[:5].encode()); os.write(1, token[5:].encode())",
    "in base64": "import base64; print(base64.b64encode(token.encode()).decode())",
    "in base64 after a name": "import base64; print(base64.b64encode(b'ada:' + token.encode()).decode())",
    "in an address": "from urllib.parse import quote; print('https://x.invalid/?t=' + quote(token))",
    "in a traceback": "raise ValueError(token)",
    "in the last words": "sys.exit('401 for ' + token)",
    "the whole environment": "print(dict(os.environ))",
    "in an output": "rows[0]['output'] = 'key: ' + token",
    "in an input": "rows[0]['input'] = token",
    "in an error": "rows[0] = {'id': rows[0]['id'], 'error': token}",
    "in provenance": "results['provenance'] = {'judge': token}",
    "in an unknown metric": "results['metrics']['other'] = {'value': 1, 'note': token}",
    "in another file": "(out / 'debug.txt').write_text(token)",
    "in a deeper file": "(out / 'a').mkdir(); (out / 'a' / 'b.json').write_text(json.dumps([token]))",
    "in a file of bytes": "(out / 'x.bin').write_bytes(bytes([255, 0]) + token.encode())",
    "by a child": "import subprocess; subprocess.run(['sh', '-c', 'echo $HF_TOKEN'])",
    "in broken results": "results = token",
}
REFUSED = {
    "in an id": "rows[0]['id'] = token",
    "in a cluster": "rows[0]['cluster'] = token",
    "in a metric's key": "results['metrics'][token] = {'value': 1}",
    "in a key of provenance": "results['provenance'] = {token: 'x'}",
    "in a file's name": "(out / token).touch()",
    "in a folder's name": "(out / token).mkdir(); (out / token / 'x').touch()",
    "in a name in base64": "import base64; (out / base64.urlsafe_b64encode(token.encode()).decode()).touch()",
    "in a compressed file": "import gzip; (out / 'rows.gz').write_bytes(gzip.compress(token.encode()))",
    "in an archive": "import zipfile; zipfile.ZipFile(out / 'a.zip', 'w').writestr('x', token)",
    "in a member's name": "import zipfile; zipfile.ZipFile(out / 'a.zip', 'w').writestr(token, '')",
}
SPELLED = [SECRET, SECRET[:-2], SECRET[2:], quote(SECRET), base64.b64encode(SECRET.encode()).decode()[:-4]]
SPELLED.append(base64.b64encode(f"ada:{SECRET}".encode()).decode()[8:-4])


def harness(line: str) -> str:
    """The small project's, with one more line for the variant before it writes."""
    before, write = HARNESS.rsplit("(pathlib", 1)
    return (
        f'{before}token, out = os.environ["HF_TOKEN"], pathlib.Path(os.environ["REMYX_OUTPUT_DIR"])\n'
        f'if os.environ["REMYX_ARM"] == "variant":\n    {line}\n(pathlib{write}'
    )


def project(line: str, key: str = "secrets") -> dict[str, str | None]:
    template = f"{TEMPLATE}{key}: [HF_TOKEN]\n"
    return locked(
        {**UNLOCKED, "evaluation/evaluate.py": harness(line), ".remyx/templates/small.yaml": template}
    )


def everything(jobs: Jobs, *ended: Ended) -> bytes:
    """All that the jobs left anywhere but in their clones."""
    texts = [each.body for each in jobs.world.comments]
    texts += [f"{each.fields}{each.output}{each.annotations}" for each in jobs.world.checks]
    texts += [str(event) for event in jobs.events if not isinstance(event, Secrets)]
    texts += [f"{each.said}\n{each.summary}\n{each.outputs}" for each in ended]
    found = ["\n".join(texts).encode()]
    for each in ended:
        for path in each.out.rglob("*"):
            found.append(str(path).encode())
            if path.suffix == ".tar":
                with tarfile.open(path) as archive:
                    found += [name.encode() for name in archive.getnames()]
            if path.is_file():
                found.append(path.read_bytes())
    return b"\n".join(found)


def leaks(data: bytes) -> list[str]:
    joined = data.decode("latin-1")
    for broken in ("\\n", "\n", "\r"):
        joined = joined.replace(broken, "")
    return [one for one in SPELLED if one in joined]


@pytest.mark.slow
@pytest.mark.parametrize("line", [*LEFT.values(), *REFUSED.values()], ids=[*LEFT, *REFUSED])
def test_nothing_that_two_jobs_leave_holds_the_secret(tmp_path: Path, line: str) -> None:
    for jobs in jobs_on(tmp_path, project(line)):
        jobs.environment = {"HF_TOKEN": SECRET}
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.evaluate()
        assert [] == leaks(everything(jobs, *ended))
        if line in REFUSED.values():
            assert "not-judged" == ended[1].outputs["verdict"]


@pytest.mark.slow
def test_a_variable_whose_name_says_so_is_a_secret_in_env_too(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, project(LEFT["in the last words"], key="env")):
        jobs.environment = {"HF_TOKEN": SECRET}
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.evaluate()
        assert [] == leaks(everything(jobs, *ended))
        assert "401 for ***" in jobs.ours()[0].body


@pytest.mark.slow
def test_one_that_a_caller_hands_in_is_passed_on_by_its_name_alone(tmp_path: Path) -> None:
    """As one of `REMYX_SECRETS`, in which a called workflow takes them."""
    shown = "sys.exit(f'401 for {token}, {os.environ.get(\"OPENAI_API_KEY\")}')"
    for jobs in jobs_on(tmp_path, project(shown)):
        jobs.inputs = {"REMYX_SECRETS": f"HF_TOKEN={SECRET}\nOPENAI_API_KEY=sk-no-template-names-it\n"}
        jobs.environment = {"GITHUB_ACTIONS": "true"}
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.evaluate()
        assert [] == leaks(everything(jobs, *ended))
        assert "401 for ***, None" in jobs.ours()[0].body
        assert Secrets(values=(SECRET,)) == jobs.events[0]


@pytest.mark.slow
def test_the_job_s_own_token_is_one(tmp_path: Path) -> None:
    files = project("print('the token is', 'ghs_0123456789', file=sys.stderr)")
    for jobs in jobs_on(tmp_path, files):
        jobs.environment = {"HF_TOKEN": SECRET, "GITHUB_TOKEN": "ghs_0123456789"}
        jobs.propose({"model.yaml": model("better")})
        ended = jobs.evaluate()
        assert b"the token is ***" in everything(jobs, *ended)
        assert b"ghs_0123456789" not in everything(jobs, *ended)


def place(tmp_path: Path, line: str = "pass") -> Place:
    return Place(tmp_path, project(line))


def test_a_runner_is_asked_to_mask_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    local = place(tmp_path)
    local.run()
    assert [] == [event for event in local.events if isinstance(event, Secrets)]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    local.run()
    assert Secrets(values=(SECRET,)) == local.events[0]


def test_a_short_secret_is_refused_and_an_empty_one_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "short")
    with pytest.raises(NotJudged, match="HF_TOKEN holds fewer than 8 characters"):
        place(tmp_path).run()
    monkeypatch.setenv("HF_TOKEN", "")
    report = place(tmp_path).run()
    assert "KeyError: 'HF_TOKEN'" in (report.arms["variant"].detail or "")


def test_another_secret_is_no_other_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = place(tmp_path)
    for value in ("first-secret", "second-secret"):
        monkeypatch.setenv("HF_TOKEN", value)
        local.run()
    assert ["variant"] == local.ran()
