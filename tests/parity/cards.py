"""Prints what PyYAML reads in the front matter of every card below a folder.

One JSON object a line: {"id", "metadata"} or {"id", "error"}; metadata is null where the hub's
client sees no front matter. `cargo xtask parity cards DIR` holds it against our own reading.

Needs requirements.txt: pyyaml 6.0.3.
"""

import json
import math
import sys
from pathlib import Path

import yaml


def front_matter(text):
    """The YAML between the first two lines of `---`, or None; the rule of the hub's client."""
    text = text.lstrip("\ufeff \t\r\n\f\v")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0] != "---" or "---" not in lines[1:]:
        return None
    return "\n".join(lines[1 : lines.index("---", 1)]) + "\n"


def plain(value):
    """`value` as JSON has it: dates as text, keys as text, numbers without an equal as null."""
    if isinstance(value, dict):
        return {key(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def key(value):
    """A mapping's key as text, with YAML's own words for the values that are not text."""
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if not isinstance(
        value, (int, float)
    ) or isinstance(value, bool) else str(value)


def read(path):
    """The metadata of one card as PyYAML has it, or its error."""
    block = front_matter(path.read_bytes().decode("utf-8", "replace"))
    if block is None:
        return {"metadata": None}
    try:
        data = yaml.safe_load(block)
    except yaml.YAMLError as error:
        return {"error": " ".join(str(error).split())}
    except ValueError as error:  # a date that the calendar does not have
        return {"error": str(error)}
    if data is not None and not isinstance(data, dict):
        return {"error": "the front matter is not a mapping"}
    return {"metadata": plain(data)}


if __name__ == "__main__":
    root = Path(sys.argv[1])
    for path in sorted(root.rglob("*.md")):
        print(json.dumps({"id": str(path.relative_to(root)), **read(path)}))
