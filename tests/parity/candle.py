"""Writes tiny random models of the architectures that candle runs, and what transformers makes of them.

    python -m pip install -r tests/parity/models-requirements.txt
    python tests/parity/candle.py OUT          # OUT: tests/parity/candle

For each model a folder OUT/NAME with config.json, the weights, and expected.json:

    ids         the inputs, without padding
    logits      of encoders: each input's, one row a token or a label
    hidden      of encoders: each input's last hidden states
    next        of decoders: each input's logits of what follows
    greedy      of decoders: 12 tokens after each input
    beams       the same with 4 beams

It needs no network and no GPU. Everything is computed in f32, one input at a time.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    ModernBertForSequenceClassification,
    ModernBertForTokenClassification,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)
from transformers.utils import logging

VOCABULARY = 101
NEW_TOKENS = 12

MODERN_BERT = dict(
    vocab_size=VOCABULARY, hidden_size=24, intermediate_size=20, num_hidden_layers=4, num_attention_heads=3,
    max_position_embeddings=64, local_attention=6, global_attn_every_n_layers=3, pad_token_id=0, bos_token_id=1,
    eos_token_id=2, cls_token_id=1, sep_token_id=2, attention_dropout=0.0, embedding_dropout=0.0, mlp_dropout=0.0,
)
DECODER = dict(
    vocab_size=VOCABULARY, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
LLAMA_3 = dict(
    rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=16,
)


def build(kind, config, seed):
    """A model with weights that let every norm, bias and scale show."""
    torch.manual_seed(seed)
    model = kind(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                weight.mul_(8.0 if "embed" not in name else 2.0)
            elif "norm" in name:
                weight.copy_(1 + 0.3 * torch.randn_like(weight))
            else:
                weight.copy_(0.3 * torch.randn_like(weight))
    return model


def inputs():
    torch.manual_seed(7)
    return [torch.randint(3, VOCABULARY, (length,)).tolist() for length in (17, 1, 8)]


def encoder(model):
    expected = {"ids": inputs(), "logits": [], "hidden": []}
    for ids in expected["ids"]:
        with torch.no_grad():
            ids = torch.tensor([ids])
            seen = torch.ones_like(ids)
            expected["logits"].append(model(ids, attention_mask=seen).logits[0].tolist())
            expected["hidden"].append(model.model(ids, attention_mask=seen).last_hidden_state[0].tolist())
    return expected


def decoder(model):
    expected = {"ids": inputs(), "next": [], "greedy": [], "beams": []}
    for ids in expected["ids"]:
        ids = torch.tensor([ids])
        options = dict(
            attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=0,
        )
        with torch.no_grad():
            expected["next"].append(model(ids).logits[0, -1].tolist())
            for name, beams in (("greedy", 1), ("beams", 4)):
                made = model.generate(ids, num_beams=beams, **options)
                expected[name].append(made[0, ids.shape[1]:].tolist())
    return expected


def write(out, name, model, run):
    folder = out / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "expected.json").write_text(json.dumps(run(model)) + "\n")


def main(out):
    logging.set_verbosity_error()
    torch.set_num_threads(1)
    for name, kind, settings in (
        ("modernbert-masked-lm", ModernBertForMaskedLM, {}),
        ("modernbert-sequence", ModernBertForSequenceClassification, dict(num_labels=3)),
        ("modernbert-sequence-mean", ModernBertForSequenceClassification, dict(num_labels=3, classifier_pooling="mean")),
        ("modernbert-token", ModernBertForTokenClassification, dict(num_labels=5)),
    ):
        write(out, name, build(kind, ModernBertConfig(**MODERN_BERT, **settings), len(name)), encoder)
    for name, kind, config in (
        ("llama", LlamaForCausalLM, LlamaConfig(**DECODER, tie_word_embeddings=True)),
        ("llama-untied-scaled", LlamaForCausalLM,
         LlamaConfig(**DECODER, tie_word_embeddings=False, rope_parameters=LLAMA_3)),
        ("qwen2", Qwen2ForCausalLM, Qwen2Config(**DECODER, tie_word_embeddings=True)),
        ("qwen3", Qwen3ForCausalLM, Qwen3Config(**DECODER, head_dim=10, tie_word_embeddings=True)),
    ):
        write(out, name, build(kind, config, len(name)), decoder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
