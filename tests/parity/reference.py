"""What transformers makes of texts with a model of any size, for `cargo xtask parity models`.

    python tests/parity/reference.py MODEL TEXTS COUNT OUT

Reads the first COUNT lines of TEXTS that are not blank, one at a time, in f32. Writes OUT/ids.json, the ids of
each text and of what a model that writes adds to the first WRITTEN of them, and OUT/model.safetensors:

    states    the last hidden states of all tokens; of a T5 the encoder's
    logits    models that write: those of every written token
    vectors   folders that declare a pooling: the mean of each text's states, normalized
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging

WRITTEN = 20
LENGTH = 24


def load(folder):
    """The model, and whether it continues texts, makes others of them, or only reads them."""
    kind = json.loads((folder / "config.json").read_text())["model_type"]
    classes = {"gpt2": AutoModelForCausalLM, "t5": AutoModelForSeq2SeqLM, "mt5": AutoModelForSeq2SeqLM}
    return classes.get(kind, AutoModel).from_pretrained(folder, dtype=torch.float32).eval()


def states(model, ids):
    """The last hidden states of one text."""
    if model.config.is_encoder_decoder:
        return model.encoder(ids).last_hidden_state[0]
    return model.base_model(ids).last_hidden_state[0]


def write(model, ids):
    """The likeliest tokens after a text, and the logits that they were chosen by."""
    seq2seq = model.config.is_encoder_decoder
    start = model.config.decoder_start_token_id if seq2seq else None
    config = GenerationConfig(do_sample=False, max_new_tokens=LENGTH, pad_token_id=0, decoder_start_token_id=start)
    model.generation_config.eos_token_id = None
    sequence = model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
    if seq2seq:
        return sequence[0, 1:], model(ids, decoder_input_ids=sequence[:, :-1]).logits[0]
    return sequence[0, ids.shape[1]:], model(sequence[:, :-1]).logits[0, ids.shape[1] - 1:]


@torch.no_grad()
def main(folder, texts, count, out):
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), load(folder)
    lines = [line.strip() for line in texts.read_text(encoding="utf-8").split("\n")]
    read = [tokenizer(line, return_tensors="pt").input_ids for line in lines if line][:count]
    found = [states(model, ids) for ids in read]
    tensors = {"states": torch.cat(found)}
    written = [write(model, ids) for ids in read[:WRITTEN]] if model.can_generate() else []
    if written:
        tensors["logits"] = torch.cat([logits for _, logits in written])
    if (folder / "1_Pooling").is_dir():
        means = torch.stack([states.mean(0) for states in found])
        tensors["vectors"] = means / means.norm(dim=1, keepdim=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, out / "model.safetensors")
    ids = {"texts": [ids[0].tolist() for ids in read], "written": [ids.tolist() for ids, _ in written]}
    (out / "ids.json").write_text(json.dumps(ids))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
