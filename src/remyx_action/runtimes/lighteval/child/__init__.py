"""run: one arm of a lighteval template, as a program of its own in lighteval's own environment.

`PYTHON -I lighteval_child SPEC` where SPEC is a JSON file or the JSON itself (specification.py). It knows
the standard library and, inside functions, what lighteval brings; nothing else of this package. It leaves
a `remyx-results/1` document, or ends with an exit code and one last line that says why it left none.
"""
