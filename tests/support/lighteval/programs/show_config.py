"""lighteval's configuration of a model, as our program makes it: a line of JSON."""

import importlib
import json
import os
import sys
from pathlib import Path

os.environ["GIT_PYTHON_REFRESH"] = "quiet"
child = Path(sys.argv[1])
sys.path.insert(0, str(child.parent))
# the folder is a package wherever it lies: this imports nothing else of what lies beside it
backends = importlib.import_module(f"{child.name}.backends")
loading = importlib.import_module(f"{child.name}.loading")
specification = importlib.import_module(f"{child.name}.specification")

model = specification.ModelSpecification(**json.loads(sys.argv[2]))
located = loading.LocatedModel(name=model.name, revision=None)
config = backends.config_of(model, located, seed=7, cache=Path("/cache"))
sys.stdout.write(json.dumps({"type": type(config).__name__, **config.model_dump(exclude_none=True)}) + "\n")
