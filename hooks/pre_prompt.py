"""Let every answer through to our own check, `checked` in local_extensions.py.

Cookiecutter raises on a JSON boolean that is answered with "maybe", before any
other code of ours runs, and Kedro then hides why. So in the copy of the template
that cookiecutter makes for this hook, the switches are text; `checked` makes
booleans of the answers again.
"""

import json
from pathlib import Path

file = Path("cookiecutter.json")
context = json.loads(file.read_text(encoding="utf-8"))
for key, value in context.items():
    if isinstance(value, bool):
        context[key] = "yes" if value else "no"
file.write_text(json.dumps(context), encoding="utf-8")
