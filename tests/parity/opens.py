"""Opens the folders that runs end in with transformers and PEFT, and holds their outputs to ours.

    PYTHON=... cargo test --release --test it -- --ignored finetune::adapters::folders_for_opens_py

writes the folders (whole, as adapters, and merged) and calls this script with the folder that they are in. Each has
`expected.json`: the class, the rows that were read, and the logits that they gave.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from transformers.utils import logging

TOLERANCE = 1e-4


def whole(folder, kind):
    """The model of a folder that has all weights, and no others."""
    model, found = kind.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    wrong = {name: keys for name, keys in found.items() if keys}
    assert not wrong, f"{folder.name}: {wrong}"
    transformers.AutoTokenizer.from_pretrained(folder)
    return model


def adapted(folder, kind):
    """The model of an adapter's folder, over the base that it names."""
    settings = json.loads((folder / "adapter_config.json").read_text())
    config = transformers.AutoConfig.from_pretrained(folder)
    base = kind.from_pretrained(settings["base_model_name_or_path"], config=config, dtype=torch.float32)
    before = {name for name, _ in base.named_modules()}
    model = PeftModel.from_pretrained(base, folder)
    kept = settings["modules_to_save"] or []
    assert all(name in before for name in kept), f"{folder.name}: {kept}"
    # The class for answers leaves token_type_ids out of what it passes on (PEFT 0.21): ask what is inside it.
    return model.base_model.model


def logits(model, row):
    """What a model gives for one row, as a list of numbers."""
    inputs = {"input_ids": torch.tensor([row["ids"]])}
    if row["types"]:
        inputs["token_type_ids"] = torch.tensor([row["types"]])
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[model.config.decoder_start_token_id]])
    outputs = model(**inputs)
    if "start_logits" in outputs:
        return torch.stack([outputs.start_logits, outputs.end_logits], -1).flatten()
    return outputs.logits.flatten()


@torch.no_grad()
def check(folder):
    """How far the outputs are from ours."""
    expected = json.loads((folder / "expected.json").read_text())
    kind = getattr(transformers, expected["architecture"])
    is_adapter = (folder / "adapter_config.json").is_file()
    model = (adapted if is_adapter else whole)(folder, kind).eval()
    ours = torch.tensor(expected["logits"])
    theirs = torch.cat([logits(model, row) for row in expected["rows"]])
    assert ours.shape == theirs.shape, f"{folder.name}: {ours.shape} {theirs.shape}"
    return ((ours - theirs).abs() / theirs.abs().clamp(min=1)).max().item()


def main(out):
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folders = sorted(path.parent for path in out.glob("*/expected.json"))
    assert folders, f"{out} has no folders"
    worst = 0.0
    for folder in folders:
        off = check(folder)
        worst = max(worst, off)
        print(f"{folder.name}: {off:.1e}", flush=True)
        assert off < TOLERANCE, folder
    print(f"{len(folders)} folders, off by {worst:.1e} at most")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
