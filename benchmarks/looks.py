"""How often an unchanged, noisy model ships within 20 looks at a pull request, with and without correction.

    uv run python benchmarks/looks.py        # 400 pull requests; about three minutes of one core

Drawn with a fixed seed, judged by the program's own code, looks read from the comment's marker. Ends with 1
where the corrected share lies above 0.20 by more than chance explains.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.repeated_looks import simulate  # noqa: E402 - found through the line above

SEED, PULL_REQUESTS, LOOKS = 20, 400, 20
ALLOWED = 0.20
"""One minus the floor of the policy that judges."""

if __name__ == "__main__":
    print(f"seed {SEED}, floor {1 - ALLOWED:.2f}, {PULL_REQUESTS} pull requests, {LOOKS} looks at most")
    corrected = simulate("corrected", seed=SEED, pull_requests=PULL_REQUESTS, most_looks=LOOKS)
    counted = simulate("counted", seed=SEED, pull_requests=PULL_REQUESTS, most_looks=LOOKS)
    print(corrected, counted, sep="\n")
    print(f"allowed {ALLOWED:.2f}; looks that each err so often: {1 - (1 - ALLOWED) ** LOOKS:.3f}")
    sys.exit(corrected.limits[0] > ALLOWED)
