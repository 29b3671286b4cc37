"""Prints what PyYAML reads in the front matter of every card below a folder.

One JSON object a line: {"id", "metadata"} or {"id", "error"}; metadata is null where the hub's
client sees no front matter. `cargo xtask parity cards DIR` holds it against `modeldesk cards show`.
With a second argument, a file of lines of our JSON (id and metadata), it compares the two itself
and prints every difference and the counts.

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


def differences(theirs, ours, path=""):
    """Every place where two values differ, as (path, PyYAML's, ours)."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in list(theirs) + [k for k in ours if k not in theirs]:
            yield from differences(theirs.get(name), ours.get(name), f"{path}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for i, pair in enumerate(zip(theirs, ours)):
            yield from differences(*pair, f"{path}[{i}]")
    elif type(theirs) is not type(ours) or theirs != ours:
        yield path, theirs, ours


def compare(folder, answers):
    """Prints how the lines of the file `answers` differ from PyYAML's reading of `folder`."""
    ours = {}
    for line in filter(None, answers.read_text().split("\n")):
        card = json.loads(line)
        ours[card["id"]] = card
    cards = with_metadata = equal = both_refuse = differing = 0
    for path in sorted(folder.rglob("*.md")):
        name = str(path.relative_to(folder))
        theirs, card = read(path), ours[name]
        cards += 1
        if "error" in theirs:
            if card["metadata"] is None:
                both_refuse += 1
            else:
                differing += 1
                print(f"{name}: PyYAML refuses it ({theirs['error']}), we read it")
            continue
        with_metadata += theirs["metadata"] is not None
        found = list(differences(theirs["metadata"], card["metadata"]))
        differing += bool(found)
        equal += not found
        for place, one, other in found:
            print(f"{name}: {place or 'metadata'}: PyYAML {one!r}, ours {other!r}")
    print(
        f"{cards} cards, {with_metadata} with metadata: {equal} equal, "
        f"{both_refuse} refused by both, {differing} differing"
    )


if __name__ == "__main__":
    root = Path(sys.argv[1])
    if len(sys.argv) > 2:
        compare(root, Path(sys.argv[2]))
    else:
        for path in sorted(root.rglob("*.md")):
            print(json.dumps({"id": str(path.relative_to(root)), **read(path)}))
