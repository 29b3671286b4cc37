"""Writes tiny random models of every architecture and head, and what transformers makes of them.

    python -m pip install -r tests/parity/models-requirements.txt
    python tests/parity/models.py OUT          # OUT: tests/parity/models

For each model a folder OUT/NAME with config.json, the weights, and

    expected.safetensors    the inputs, every hidden state, the head's outputs, labels and the loss
    gradients.safetensors   some models: the loss's gradient of each parameter, as grad.PARAMETER
    expected.json           models that generate: prompts, options, and the sequences with scores

and OUT/processors.json (see processors.py). It needs no network and no GPU, and writes the same bytes
each time. Everything is computed in f32, without dropout, on one thread. Rows are padded on the right:
what stands at a padded position means nothing.
"""

import copy
import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertForQuestionAnswering,
    DistilBertForSequenceClassification,
    DistilBertForTokenClassification,
    DistilBertModel,
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    MT5Config,
    MT5ForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)
from transformers.utils import logging

import generation
import processors

VOCABULARY = 101
POSITIONS = 40
PAD = 0

BERT = dict(
    vocab_size=VOCABULARY, hidden_size=30, num_hidden_layers=2, num_attention_heads=3, intermediate_size=44,
    max_position_embeddings=POSITIONS, type_vocab_size=2, initializer_range=0.02, pad_token_id=PAD,
)
DISTILBERT = dict(
    vocab_size=VOCABULARY, dim=30, n_layers=2, n_heads=3, hidden_dim=44, max_position_embeddings=POSITIONS,
    initializer_range=0.02, pad_token_id=PAD,
)
GPT2 = dict(
    vocab_size=VOCABULARY, n_embd=30, n_layer=2, n_head=3, n_positions=POSITIONS, initializer_range=0.02,
    bos_token_id=100, eos_token_id=100,
)
T5 = dict(
    vocab_size=VOCABULARY, d_model=20, d_kv=6, num_heads=3, d_ff=28, num_layers=3, num_decoder_layers=2,
    relative_attention_num_buckets=8, relative_attention_max_distance=12, decoder_start_token_id=PAD,
    pad_token_id=PAD, eos_token_id=1,
)


# Weights: a wrong norm, bias, scale or epsilon must show in the outputs.


def is_embedding(name):
    """Whether a parameter is a table of embeddings, which keeps its small values: epsilon shows there."""
    return any(part in name for part in ("embeddings.", "wte.", "wpe.", "shared."))


@torch.no_grad()
def vary(model, gain):
    """Gives norms and biases values of their own, and matrices enough weight for attention to look."""
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1:
            parameter.copy_(torch.randn_like(parameter) * 0.1 + name.endswith(".weight"))
        elif not is_embedding(name):
            parameter.mul_(gain)
    return model.eval()


def build(kind, config, seed, gain=8.0):
    """A model with its weights drawn from `seed`."""
    torch.manual_seed(seed)
    config._attn_implementation = "eager"
    return vary(kind(config), gain)


def build_gpt2(seed):
    """A GPT-2 with weights so large that its output varies."""
    model = build(GPT2LMHeadModel, gpt2(2), seed, gain=20.0)
    with torch.no_grad():
        model.transformer.wte.weight.mul_(20)
        model.transformer.wpe.weight.mul_(40)
    return model


@torch.no_grad()
def build_t5(seed, gated, vocabulary=VOCABULARY):
    """A T5 in its own initialisation: gated with an output layer of its own, or plain and tied.

    The tied one has a final norm of either sign, or it would say its last token over and over.
    """
    torch.manual_seed(seed)
    form = dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False) if gated else {}
    config = T5Config(**{**T5, "vocab_size": vocabulary}, **form)
    config._attn_implementation = "eager"
    model = vary(T5ForConditionalGeneration(config), gain=1.0)
    if gated:
        model.config.tie_word_embeddings = False
        model.lm_head.weight = torch.nn.Parameter(torch.randn(vocabulary, T5["d_model"]))
    else:
        model.decoder.final_layer_norm.weight.normal_(0, 3)
    return model


@torch.no_grad()
def build_mt5(seed, tied):
    """An mT5: gated, its output never scaled, with an output layer of its own as the published ones or without."""
    torch.manual_seed(seed)
    config = MT5Config(**T5)
    config._attn_implementation = "eager"
    model = vary(MT5ForConditionalGeneration(config), gain=1.0)
    if not tied:
        model.config.tie_word_embeddings = False
        model.lm_head.weight = torch.nn.Parameter(torch.randn(VOCABULARY, T5["d_model"]))
    return model


# Inputs and labels.


def ragged(lengths, seed):
    """Random ids in rows of these lengths, padded on the right, and their mask."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, VOCABULARY - 1, (len(lengths), max(lengths)), generator=draw)
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    return ids * mask + PAD * (1 - mask), mask


def encoder_inputs():
    ids, mask = ragged([13, 8, 5], 1)
    return {"input_ids": ids, "attention_mask": mask}


def bert_inputs():
    inputs = encoder_inputs()
    second = torch.arange(13) >= torch.tensor([6, 3, 4])[:, None]
    return {**inputs, "token_type_ids": second.long() * inputs["attention_mask"]}


def pad_inside_inputs():
    """A row that has the pad token in its midst: only those at its end are padding."""
    inputs = encoder_inputs()
    inputs["input_ids"][0, 4] = PAD
    return inputs


def t5_inputs():
    ids, mask = ragged([25, 14, 9], 2)
    return {"input_ids": ids, "attention_mask": mask}


def class_labels(_):
    return {"labels": torch.tensor([2, 0, 1])}


def multi_labels(_):
    return {"labels": torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]])}


def token_labels(inputs):
    """A label for each token but the first, the third and padding."""
    labels = inputs["input_ids"] % 5
    labels[:, [0, 2]] = -100
    return {"labels": labels.masked_fill(inputs["attention_mask"] == 0, -100)}


def masked_labels(inputs):
    """The ids to predict at every third position."""
    labels = (inputs["input_ids"] + 7) % VOCABULARY
    kept = (torch.arange(labels.shape[1]) % 3 == 1) & (inputs["attention_mask"] == 1)
    return {"labels": labels.masked_fill(~kept, -100)}


def span_labels(_):
    """Answers of three rows; the last one starts beyond the row, so that its start counts for nothing."""
    return {"start_positions": torch.tensor([3, 0, 99]), "end_positions": torch.tensor([7, 0, 2])}


def next_labels(inputs):
    """The ids themselves, which the model shifts, without padding and without one in the midst."""
    labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
    labels[0, 5] = -100
    return {"labels": labels}


def t5_labels(_):
    labels, mask = ragged([11, 7, 4], 3)
    return {"labels": labels.masked_fill(mask == 0, -100)}


# What transformers computes.


def flat(outputs):
    """The tensors of a model's outputs, those in tuples with their place in the name."""
    tensors = {}
    for name, value in outputs.items():
        if isinstance(value, torch.Tensor):
            tensors[name] = value
        elif name.endswith("hidden_states"):
            tensors.update({f"{name}.{i}": part for i, part in enumerate(value)})
    return tensors


def run(model, inputs):
    """The outputs for `inputs`; refused if f32 is too coarse to hold others to them."""
    options = {"output_hidden_states": True}
    if not isinstance(model.config, (BertConfig, DistilBertConfig)):
        options["use_cache"] = False
    outputs = flat(model(**inputs, **options))
    double = copy.deepcopy(model).double()
    for part in double.modules():
        part.reorder_and_upcast_attn = False  # which only f16 and bf16 can tell from plain attention
    exact = flat(double(**{k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}, **options))
    for name, value in outputs.items():
        error = (value - exact[name]).abs().max().item()
        assert error < 2e-5, f"{name} is {error} away from its value in f64"
    return outputs


def write_tensors(path, tensors):
    save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()}, path)


def write_cases(path, cases):
    """Writes a list, one case a line."""
    path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")


def span_loss(outputs, mask, labels):
    """The mean loss of start and end over the tokens that are there: transformers lets padding take part."""
    losses = []
    for side in ("start", "end"):
        logits = outputs[f"{side}_logits"].masked_fill(mask == 0, float("-inf"))
        target = labels[f"{side}_positions"]
        target = target.masked_fill(target >= mask.sum(1), -100)
        losses.append(torch.nn.functional.cross_entropy(logits, target))
    return sum(losses) / 2


def write_expected(folder, model, inputs, labels, gradients=False):
    """Writes expected.safetensors, and the gradients of the loss if asked."""
    if model.config.is_encoder_decoder:
        inputs = {**inputs, "decoder_input_ids": model._shift_right(labels["labels"])}
    model.zero_grad()
    outputs = run(model, {**inputs, **labels})
    if "start_positions" in labels:
        outputs["loss"] = span_loss(outputs, inputs["attention_mask"], labels)
    write_tensors(folder / "expected.safetensors", {**inputs, **labels, **outputs})
    if gradients:
        outputs["loss"].backward()
        found = {f"grad.{name}": p.grad for name, p in model.named_parameters() if p.grad is not None}
        write_tensors(folder / "gradients.safetensors", found)


def check_reload(folder, model, inputs):
    """transformers reads from the folder the model that was written there."""
    again = type(model).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    if model.config.is_encoder_decoder:
        inputs = {**inputs, "decoder_input_ids": inputs["input_ids"][:, :7]}
    with torch.no_grad():
        first, second = model(**inputs)[0], again(**inputs)[0]
    assert torch.equal(first, second), f"{folder.name} reads back differently"


def write_model(out, name, model, inputs, labels=None, gradients=False, edit=None, **save):
    """Writes one folder: the model as transformers saves it, changed by `edit`, and what is expected."""
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **save)
    if edit:
        edit(folder)
    model.float()
    check_reload(folder, model, inputs)
    write_expected(folder, model, inputs, labels(inputs) if labels else {}, gradients)
    print(name, flush=True)


# Files as others name them.


def edit_tensors(folder, change):
    """Rewrites the weights: `change` maps the tensors by name to what is kept."""
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def edit_config(folder, keep):
    """Leaves only the settings that an old config.json has."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({key: config[key] for key in keep}, indent=2) + "\n")


def old_bert(folder):
    """A checkpoint of 2018: gamma and beta, and the positions as a tensor; few settings."""
    def rename(tensors):
        old = {n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t
               for n, t in tensors.items()}
        return {**old, "bert.embeddings.position_ids": torch.arange(POSITIONS)[None]}

    edit_tensors(folder, rename)
    edit_config(folder, [
        "architectures", "attention_probs_dropout_prob", "hidden_act", "hidden_dropout_prob", "hidden_size",
        "initializer_range", "intermediate_size", "layer_norm_eps", "max_position_embeddings", "model_type",
        "num_attention_heads", "num_hidden_layers", "pad_token_id", "type_vocab_size", "vocab_size",
    ])


def sentence_bert(folder):
    """As sentence-transformers' files are: no prefix, no pooler, and the positions as a tensor."""
    edit_tensors(folder, lambda t: {**t, "embeddings.position_ids": torch.arange(POSITIONS)[None]})


def old_gpt2(folder):
    """The first GPT-2 files: no prefix, and each layer's causal mask as a tensor; few settings."""
    def rename(tensors):
        old = {n.removeprefix("transformer."): t for n, t in tensors.items()}
        mask = torch.tril(torch.ones(POSITIONS, POSITIONS))[None, None]
        return {**old, "h.0.attn.bias": mask}

    edit_tensors(folder, rename)
    edit_config(folder, [
        "activation_function", "architectures", "attn_pdrop", "bos_token_id", "embd_pdrop", "eos_token_id",
        "initializer_range", "layer_norm_epsilon", "model_type", "n_embd", "n_head", "n_layer", "n_positions",
        "resid_pdrop", "vocab_size",
    ])


def old_t5(folder):
    """The first T5 files: the embeddings four times over, and a bias that nothing reads."""
    def add(tensors):
        copies = ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"]
        unread = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
        bias = torch.ones(T5["relative_attention_num_buckets"], T5["num_heads"])
        return {**tensors, unread: bias, **{name: tensors["shared.weight"].clone() for name in copies}}

    edit_tensors(folder, add)
    edit_config(folder, [
        "architectures", "d_ff", "d_kv", "d_model", "decoder_start_token_id", "dropout_rate", "eos_token_id",
        "initializer_factor", "is_encoder_decoder", "layer_norm_epsilon", "model_type", "num_decoder_layers",
        "num_heads", "num_layers", "pad_token_id", "relative_attention_max_distance",
        "relative_attention_num_buckets", "vocab_size",
    ])


# The models.


def bert(layers=1, **settings):
    return BertConfig(**{**BERT, "num_hidden_layers": layers, **settings})


def distilbert(layers=1, **settings):
    return DistilBertConfig(**{**DISTILBERT, "n_layers": layers, **settings})


def gpt2(layers=1, **settings):
    return GPT2Config(**{**GPT2, "n_layer": layers, **settings})


def write_bert(out):
    """Two layers where they matter; the heads and the files' forms need but one."""
    inputs = bert_inputs()
    write_model(out, "bert", build(BertModel, bert(2), 1), inputs)
    write_model(out, "bert-masked-lm", build(BertForMaskedLM, bert(2), 2), inputs, masked_labels, True)
    write_model(out, "bert-sequence-classification", build(BertForSequenceClassification, bert(2, num_labels=3), 3),
                inputs, class_labels, True)
    multi = bert(num_labels=3, problem_type="multi_label_classification")
    write_model(out, "bert-sequence-multi-label", build(BertForSequenceClassification, multi, 4), inputs, multi_labels)
    write_model(out, "bert-token-classification", build(BertForTokenClassification, bert(num_labels=5), 5),
                inputs, token_labels, True)
    write_model(out, "bert-question-answering", build(BertForQuestionAnswering, bert(), 6), inputs, span_labels, True)


def write_bert_forms(out):
    """One BERT in every form that its files come in."""
    inputs = bert_inputs()
    write_model(out, "bert-old-names", build(BertForPreTraining, bert(), 7), inputs, edit=old_bert)
    bare = build(lambda config: BertModel(config, add_pooling_layer=False), bert(), 8)
    write_model(out, "bert-no-prefix", bare, inputs, edit=sentence_bert)
    write_model(out, "bert-f16", build(BertModel, bert(), 9).half(), inputs)
    write_model(out, "bert-bf16", build(BertModel, bert(), 10).bfloat16(), inputs)
    write_model(out, "bert-sharded", build(BertModel, bert(), 11), inputs, max_shard_size="40KB")
    assert len(list((out / "bert-sharded").glob("model-*.safetensors"))) == 2


def write_distilbert(out):
    inputs = encoder_inputs()
    write_model(out, "distilbert", build(DistilBertModel, distilbert(2), 21), inputs)
    write_model(out, "distilbert-masked-lm", build(DistilBertForMaskedLM, distilbert(), 22), inputs, masked_labels)
    write_model(out, "distilbert-sequence-classification",
                build(DistilBertForSequenceClassification, distilbert(2, num_labels=3), 23), inputs, class_labels, True)
    write_model(out, "distilbert-token-classification",
                build(DistilBertForTokenClassification, distilbert(num_labels=5), 24), inputs, token_labels)
    write_model(out, "distilbert-question-answering", build(DistilBertForQuestionAnswering, distilbert(), 25), inputs,
                span_labels)


def write_generating(out, name, make, inputs, labels, prompts):
    """A model whose generated sequences tell the options apart, and those sequences."""
    model, cases = generation.find(make, prompts)
    write_model(out, name, model, inputs, labels, True)
    write_cases(out / name / "expected.json", cases)


def write_gpt2(out):
    inputs = encoder_inputs()
    prompts = [inputs["input_ids"][0, :6].tolist(), inputs["input_ids"][1, :3].tolist()]
    write_generating(out, "gpt2-lm", build_gpt2, inputs, next_labels, prompts)
    write_model(out, "gpt2-no-prefix", build(GPT2LMHeadModel, gpt2(), 41), inputs, next_labels, edit=old_gpt2)
    three = gpt2(num_labels=3, pad_token_id=PAD)
    write_model(out, "gpt2-sequence-classification", build(GPT2ForSequenceClassification, three, 42),
                pad_inside_inputs(), class_labels)
    scaled = gpt2(2, scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True)
    write_model(out, "gpt2-scaled", build(GPT2LMHeadModel, scaled, 43), inputs, next_labels)
    write_model(out, "gpt2-inner", build(GPT2LMHeadModel, gpt2(n_inner=44), 44), inputs, next_labels)


def write_t5(out):
    inputs = t5_inputs()
    prompts = [inputs["input_ids"][0].tolist(), inputs["input_ids"][2, :9].tolist()]
    for name, gated in (("t5-gated-untied", True), ("t5-relu-tied", False)):
        write_generating(out, name, lambda seed: build_t5(seed, gated), inputs, t5_labels, prompts)
    write_model(out, "t5-old-names", build_t5(61, False), inputs, t5_labels, edit=old_t5)
    write_model(out, "mt5", build_mt5(62, False), inputs, t5_labels)
    write_model(out, "mt5-tied", build_mt5(63, True), inputs, t5_labels)


def main(out):
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    out.mkdir(parents=True, exist_ok=True)
    for write in (write_bert, write_bert_forms, write_distilbert, write_gpt2, write_t5):
        write(out)
    write_cases(out / "processors.json", processors.cases())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
