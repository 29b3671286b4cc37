"""Trains the tiny models of models.py for 20 steps in plain PyTorch, and writes what came of it.

    python -m pip install -r tests/parity/models-requirements.txt
    python tests/parity/training.py tests/parity/models OUT    # OUT: tests/parity/training

For each case OUT/NAME.json, with the options under the names of `TrainingArguments` and `LoraConfig`, the rows,
which rows each step reads, and loss, gradient norm and learning rate of each step; and OUT/NAME.safetensors, with
`start.` of each weight that is not in the model's folder, and `final.` of each weight that learns: first the sum
of all values under alternating signs (see `signs`), by the root of their number, then up to 64 of them.

Models, losses, label smoothing, schedules and Adafactor are transformers', AdamW and clipping PyTorch's, adapters
PEFT's. Everything is computed in f32, without dropout, on one thread, and once more in f64: a case on which
PyTorch does not agree with itself is refused. The loss of a step is the mean over all that
the step learns from, however it is spread over its batches. Two adapters that PEFT saved, with the outputs that
they give, are OUT/adapter-bert and OUT/adapter-gpt2.
"""

import copy
import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    Trainer,
    get_scheduler,
)
from transformers.optimization import Adafactor
from transformers.trainer_pt_utils import LabelSmoother
from transformers.utils import logging

STEPS = 20
VOCABULARY = 101
DEFAULTS = dict(
    learning_rate=1e-3, lr_scheduler_type="linear", warmup_steps=0, optim="adamw_torch", weight_decay=0.0,
    max_grad_norm=1.0, label_smoothing_factor=0.0, gradient_accumulation_steps=1,
)
CLASSES = {
    "text-classification": AutoModelForSequenceClassification,
    "token-classification": AutoModelForTokenClassification,
    "question-answering": AutoModelForQuestionAnswering,
    "text-generation": AutoModelForCausalLM,
    "fill-mask": AutoModelForMaskedLM,
    "text2text-generation": AutoModelForSeq2SeqLM,
}
TASK_TYPES = {
    "text-classification": "SEQ_CLS", "token-classification": "TOKEN_CLS", "question-answering": "QUESTION_ANS",
    "text-generation": "CAUSAL_LM", "text2text-generation": "SEQ_2_SEQ_LM",
}


# Rows.


class Rows:
    """Draws rows: of ids, segments and a target."""

    def __init__(self, seed):
        self.draw = torch.Generator().manual_seed(seed)

    def ints(self, low, high, count):
        return torch.randint(low, high, (count,), generator=self.draw).tolist()

    def ids(self, count):
        return self.ints(5, VOCABULARY - 1, count)

    def lengths(self, count, low=2, high=14):
        return self.ints(low, high, count)

    def labels(self, ids, classes):
        """A label for about two tokens of three; one row in four has none at all but the first's."""
        kept = self.ints(0, 3, len(ids))
        return [label if keep else None for label, keep in zip(self.ints(0, classes, len(ids)), kept)]

    def of(self, kind, classes=3, count=12, types=False):
        rows = []
        for i, length in enumerate(self.lengths(count)):
            ids = self.ids(length)
            row = {"ids": ids}
            if types:
                cut = self.ints(1, length, 1)[0]
                row["types"] = [int(place >= cut) for place in range(length)]
            if kind == "class":
                row["class"] = self.ints(0, classes, 1)[0]
            elif kind == "classes":
                row["classes"] = [float(x) for x in self.ints(0, 2, classes)]
            elif kind == "number":
                row["number"] = self.ints(-300, 300, 1)[0] / 100
            elif kind == "tokens":
                row["tokens"] = self.labels(ids, classes)
            elif kind == "masked":
                row["tokens"] = self.labels(ids, VOCABULARY) if i % 4 else [None] * length
            elif kind == "span":
                start, end = sorted(self.ints(0, length, 2))
                row["span"] = [start, end]
            elif kind == "next":
                row["tokens"] = list(ids)
            elif kind == "answer":
                prompt = self.ints(1, length, 1)[0]
                row["tokens"] = [None if place < prompt else id for place, id in enumerate(ids)]
            elif kind == "text":
                row["text"] = self.ids(self.lengths(1, 1, 9)[0]) + [1]
            rows.append(row)
        return rows

    def blocks(self, count=8, length=16):
        """Packed blocks: all of one length, of which every token is learned."""
        rows = [self.ids(length) for _ in range(count)]
        return [{"ids": ids, "tokens": list(ids)} for ids in rows]

    def steps(self, rows, batch, accumulation):
        """Which rows each step reads, batch by batch, in an order drawn for each epoch; the last may have fewer."""
        steps, order = [], []
        while len(steps) < STEPS:
            if not order:
                order = torch.randperm(rows, generator=self.draw).tolist()
            now, order = order[: batch * accumulation], order[batch * accumulation:]
            steps.append([now[at: at + batch] for at in range(0, len(now), batch)])
        return steps


# Batches as transformers takes them: padded on the right.


def padded(rows, fill=0):
    width = max(map(len, rows))
    return torch.tensor([[fill if x is None else x for x in row] + [fill] * (width - len(row)) for row in rows])


def inputs_of(rows):
    ids = [row["ids"] for row in rows]
    inputs = {"input_ids": padded(ids), "attention_mask": padded([[1] * len(row) for row in ids])}
    if "types" in rows[0]:
        inputs["token_type_ids"] = padded([row["types"] for row in rows])
    return inputs


def labels_of(rows):
    for name in ("class", "classes", "number"):
        if name in rows[0]:
            return torch.tensor([row[name] for row in rows])
    for name in ("tokens", "text"):
        if name in rows[0]:
            return padded([row[name] for row in rows], -100)
    return None


def count_of(rows, weights, causal):
    """What the losses of rows are a mean over."""
    if "class" in rows[0]:
        return sum(weights[row["class"]] if weights else 1 for row in rows)
    if "classes" in rows[0]:
        return sum(len(row["classes"]) for row in rows)
    if "tokens" in rows[0]:
        return sum(label is not None for row in rows for label in row["tokens"][int(causal):])
    if "text" in rows[0]:
        return sum(len(row["text"]) for row in rows)
    return len(rows)


def mean_loss(model, rows, task, smoothing, weights):
    """The loss of one batch, as transformers' models and its Trainer compute it."""
    inputs, labels = inputs_of(rows), labels_of(rows)
    dtype = next(model.parameters()).dtype
    if labels is not None and labels.is_floating_point():
        labels = labels.to(dtype)
    if task == "question-answering":
        outputs, losses = model(**inputs), []
        for place, side in enumerate(("start", "end")):
            # transformers lets padding take part: rows would then learn from what they are batched with.
            logits = outputs[f"{side}_logits"].masked_fill(inputs["attention_mask"] == 0, float("-inf"))
            losses.append(cross_entropy(logits, torch.tensor([row["span"][place] for row in rows])))
        return sum(losses) / 2
    outputs = model(**inputs, labels=labels)
    if weights:
        return cross_entropy(outputs.logits, labels, torch.tensor(weights, dtype=dtype))
    if smoothing:
        return LabelSmoother(smoothing)(outputs, labels, shift_labels=task == "text-generation")
    return outputs.loss


# Training.


def own_name(name):
    """A parameter's name in the model, of its name under PEFT."""
    name = name.removeprefix("base_model.model.").replace(".base_layer.", ".")
    return name.replace(".modules_to_save.default.", ".").replace(".default.", ".")


def groups(model, decay):
    """Parameters as the Trainer groups them: neither norms nor biases decay."""
    names = Trainer.get_decay_parameter_names(None, model)
    learning = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    return [
        {"params": [p for name, p in learning if name in names], "weight_decay": decay},
        {"params": [p for name, p in learning if name not in names], "weight_decay": 0.0},
    ]


def optimizer_of(model, options):
    parts = groups(model, options["weight_decay"])
    if options["optim"] == "adafactor":
        return Adafactor(parts, lr=options["learning_rate"], scale_parameter=False, relative_step=False)
    return torch.optim.AdamW(parts, lr=options["learning_rate"], betas=(0.9, 0.999), eps=1e-8)


def train(model, task, rows, steps, options):
    """Takes the steps; gives loss, norm of the gradient and learning rate of each."""
    optimizer = optimizer_of(model, options)
    scheduler = get_scheduler(options["lr_scheduler_type"], optimizer, options["warmup_steps"], len(steps))
    weights, causal = options.get("class_weights"), task == "text-generation"
    model.train()
    learning = [p for p in model.parameters() if p.requires_grad]
    done = []
    for batches in steps:
        batches = [[rows[place] for place in batch] for batch in batches]
        total = sum(count_of(batch, weights, causal) for batch in batches)
        step_loss = 0.0
        for batch in batches:
            count = count_of(batch, weights, causal)
            if count:
                loss = mean_loss(model, batch, task, options["label_smoothing_factor"], weights) * (count / total)
                loss.backward()
                step_loss += loss.item()
        norm = nn.utils.clip_grad_norm_(learning, options["max_grad_norm"])
        rate = scheduler.get_last_lr()[0]
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        done.append([step_loss, norm.item(), rate])
    return done


# What is written.


def signs(count):
    """1 or -1 for each value, by the highest bit of its place times 2654435761 in 32 bits."""
    places = torch.arange(count, dtype=torch.int64) * 2654435761 % 2**32
    return 1.0 - 2.0 * (places >> 31).double()


def digest(parameter):
    values = parameter.detach().flatten()
    total = (values.double() * signs(len(values))).sum() / len(values) ** 0.5
    return torch.cat([total.float()[None], values[:: max(1, -(-len(values) // 64))].float()])


def has_no_gradient(name, task):
    """Whether a weight, or a part of it, follows rounding alone: adding to all keys, or to all places of a softmax,
    changes nothing. Adafactor scales a whole vector by the noise of its part."""
    last = "qa_outputs.bias", "layer.0.output.LayerNorm.bias", "layer.0.output_layer_norm.bias"
    return name.endswith(("self.key.bias", "k_lin.bias", "c_attn.bias")) or (
        task == "question-answering" and name.endswith(last))


def check_f32(case, model, exact, done, again, task):
    """Refuses a case that PyTorch itself computes otherwise in f64."""
    loss = max(abs(a[0] - b[0]) / b[0] for a, b in zip(done, again))
    pairs = [(own_name(name), p, q) for (name, p), q in zip(model.named_parameters(), exact.parameters())]
    weight = max((digest(p) - digest(q)).abs().max().item() for name, p, q in pairs
                 if p.requires_grad and not has_no_gradient(name, task))
    assert loss < 5e-5 and weight < 2e-5, f"{case}: f32 is off by {loss} and {weight}"
    return max(loss, weight)


def without_dropout(config):
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout", "qa_dropout",
                 "seq_classif_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop", "dropout_rate"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    return config


def load(models, name, task, labels=None):
    folder = models / name
    config = without_dropout(AutoConfig.from_pretrained(folder, attn_implementation="eager", **(labels or {})))
    if config.model_type == "gpt2":
        config.pad_token_id = 0
    return CLASSES[task].from_pretrained(folder, config=config, dtype=torch.float32, ignore_mismatched_sizes=True)


@torch.no_grad()
def start(model, seed, heads, adapters):
    """Gives new heads, and the second matrices of adapters, values of their own; and names what is not in a folder."""
    draw = torch.Generator().manual_seed(seed)
    begun = {}
    for name, parameter in model.named_parameters():
        own, is_lora = own_name(name), "lora_" in name
        is_head = not is_lora and ".original_module." not in name and any(
            f".{head}." in f".{own}" for head in ("classifier", "pre_classifier", "score", "qa_outputs"))
        if (is_head and heads) or ("lora_B" in name and adapters):
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * 0.05)
        if is_head and heads or is_lora:
            begun[own] = parameter.clone()
    return begun


def write_case(out, models, name, model, task, rows, batch=4, seed=0, labels=None, lora=None, b=False, heads=False,
               method="full", **options):
    """Trains one model, and writes what it was trained with and what came of it."""
    torch.manual_seed(seed)
    options = {**DEFAULTS, **options}
    folder, model = model, load(models, model, task, labels)
    if lora:
        saved = ["pre_classifier", "classifier"] if folder.startswith("distilbert-sequence") else None
        config = LoraConfig(task_type=TASK_TYPES.get(task), modules_to_save=saved, lora_dropout=0.0, **lora)
        model = get_peft_model(model, config)
    elif method == "head":
        for parameter in model.base_model.parameters():
            parameter.requires_grad = False
    begun = start(model, seed, heads, b)
    steps = Rows(seed + 1000).steps(len(rows), batch, options["gradient_accumulation_steps"])
    exact = copy.deepcopy(model).double()
    for part in exact.modules():
        part.reorder_and_upcast_attn = False  # which only f16 and bf16 can tell from plain attention
    done = train(model, task, rows, steps, options)
    error = check_f32(name, model, exact, done, train(exact, task, rows, steps, options), task)
    tensors = {f"start.{name}": value for name, value in begun.items()}
    learned = {own_name(n): p for n, p in model.named_parameters() if p.requires_grad}
    tensors.update({f"final.{name}": digest(p) for name, p in learned.items()})
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, out / f"{name}.safetensors")
    head = {"model": folder, "task": task, "method": "lora" if lora else method, "config": labels or {},
            "batch": batch, "options": options, "lora": lora}
    lists = {"rows": rows, "steps": steps, "done": done}
    text = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    text += [f" {json.dumps(key)}: [\n  " + ",\n  ".join(json.dumps(one, separators=(",", ":")) for one in value)
             + "\n ]" for key, value in lists.items()]
    (out / f"{name}.json").write_text("{\n" + ",\n".join(text) + "\n}\n")
    print(f"{name}: {done[0][0]:.4f} to {done[-1][0]:.4f}, {len(learned)} weights, f32 is off by {error:.1e}", flush=True)


# The cases.


def encoder_cases(case):
    regression = dict(num_labels=1, problem_type="regression")
    multi = dict(num_labels=3, problem_type="multi_label_classification")
    sequence, token = "text-classification", "token-classification"
    answers, masked = "question-answering", "fill-mask"
    for at, kind in enumerate(("bert", "distilbert")):
        seed, types = 100 + 50 * at, kind == "bert"
        rows = lambda more, *of, **and_: Rows(seed + more).of(*of, **and_, types=types)
        model = lambda head: f"{kind}-{head}"
        case(f"{kind}-sequence", model("sequence-classification"), sequence, rows(1, "class"), seed=seed + 1,
             warmup_steps=5, weight_decay=0.1)
        case(f"{kind}-multi-label", model("sequence-classification"), sequence, rows(2, "classes"), seed=seed + 2,
             labels=multi, heads=True, lr_scheduler_type="cosine", warmup_steps=3, batch=3,
             gradient_accumulation_steps=2)
        case(f"{kind}-regression", model("sequence-classification"), sequence, rows(3, "number"), seed=seed + 3,
             labels=regression, heads=True, lr_scheduler_type="constant", weight_decay=0.01, max_grad_norm=0.3)
        case(f"{kind}-token", model("token-classification"), token, rows(4, "tokens", classes=5), seed=seed + 4,
             gradient_accumulation_steps=2, batch=2, label_smoothing_factor=0.1)
        case(f"{kind}-question", model("question-answering"), answers, rows(5, "span"), seed=seed + 5, batch=5,
             lr_scheduler_type="cosine")
        case(f"{kind}-masked", model("masked-lm"), masked, rows(6, "masked"), seed=seed + 6, batch=1,
             gradient_accumulation_steps=4, weight_decay=0.05)
    case("bert-weighted", "bert-sequence-classification", sequence, Rows(7).of("class", types=True), seed=7,
         class_weights=[0.5, 1.0, 2.5], gradient_accumulation_steps=2, batch=3)
    case("bert-smoothed", "bert-sequence-classification", sequence, Rows(8).of("class", types=True), seed=8,
         label_smoothing_factor=0.2, max_grad_norm=1e6, lr_scheduler_type="constant_with_warmup", warmup_steps=4)
    case("bert-adafactor", "bert-sequence-classification", sequence, Rows(9).of("class", types=True), seed=9,
         optim="adafactor", weight_decay=0.1, warmup_steps=2, gradient_accumulation_steps=2, batch=3)
    case("distilbert-head", "distilbert-sequence-classification", sequence, Rows(10).of("class"), seed=10,
         method="head", weight_decay=0.1)


def decoder_cases(case):
    causal = "text-generation"
    case("gpt2-packed", "gpt2-lm", causal, Rows(201).blocks(), seed=201, batch=2, gradient_accumulation_steps=2,
         weight_decay=0.1, warmup_steps=3)
    case("gpt2-prompted", "gpt2-lm", causal, Rows(202).of("answer"), seed=202, batch=3,
         gradient_accumulation_steps=2, lr_scheduler_type="cosine")
    case("gpt2-smoothed", "gpt2-scaled", causal, Rows(203).of("next"), seed=203, label_smoothing_factor=0.1)
    case("gpt2-sequence", "gpt2-sequence-classification", "text-classification", Rows(204).of("class"), seed=204,
         weight_decay=0.1)
    case("gpt2-adafactor", "gpt2-lm", causal, Rows(205).blocks(), seed=205, optim="adafactor",
         lr_scheduler_type="constant")
    text = "text2text-generation"
    case("t5-tied", "t5-relu-tied", text, Rows(305).of("text"), seed=305, batch=3, gradient_accumulation_steps=2,
         weight_decay=0.1)
    case("t5-gated", "t5-gated-untied", text, Rows(302).of("text"), seed=302, label_smoothing_factor=0.1,
         warmup_steps=4)
    case("t5-adafactor", "t5-gated-untied", text, Rows(303).of("text"), seed=303, optim="adafactor",
         lr_scheduler_type="constant", weight_decay=0.01)


def adapter_cases(each):
    case = lambda *args, **options: each(*args, learning_rate=5e-3, **options)
    sequence, causal, text = "text-classification", "text-generation", "text2text-generation"
    case("lora-bert", "bert-sequence-classification", sequence, Rows(401).of("class", types=True), seed=401, b=True,
         lora=dict(r=4, lora_alpha=8, use_rslora=True, bias="lora_only", target_modules=["query", "value"]),
         weight_decay=0.1, gradient_accumulation_steps=2, batch=3)
    case("lora-bert-token", "bert-token-classification", "token-classification",
         Rows(402).of("tokens", classes=5, types=True), seed=402,
         lora=dict(r=3, lora_alpha=16, target_modules=["attention.self.query", "dense"]))
    case("lora-distilbert", "distilbert-sequence-classification", sequence, Rows(403).of("class"), seed=403, b=True,
         lora=dict(r=2, lora_alpha=4, bias="all",
                   target_modules=["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"]), weight_decay=0.1)
    case("lora-gpt2", "gpt2-lm", causal, Rows(404).blocks(), seed=404, batch=2, gradient_accumulation_steps=2,
         lora=dict(r=8, lora_alpha=16, target_modules=["c_attn"], fan_in_fan_out=True), warmup_steps=3)
    case("lora-gpt2-all", "gpt2-lm", causal, Rows(405).of("answer"), seed=405, b=True,
         lora=dict(r=2, lora_alpha=2, target_modules="all-linear", bias="lora_only", fan_in_fan_out=True))
    case("lora-gpt2-sequence", "gpt2-sequence-classification", sequence, Rows(406).of("class"), seed=406,
         optim="adafactor",
         lora=dict(r=4, lora_alpha=8, target_modules="all-linear", fan_in_fan_out=True))
    case("lora-bert-masked", "bert-masked-lm", "fill-mask", Rows(407).of("masked", types=True), seed=407, b=True,
         lora=dict(r=2, lora_alpha=4, target_modules="all-linear", bias="all"))
    case("lora-t5", "t5-gated-untied", text, Rows(408).of("text"), seed=408, b=True,
         lora=dict(r=4, lora_alpha=8, target_modules=["q", "v"], bias="all"), gradient_accumulation_steps=2, batch=3)
    case("lora-t5-all", "t5-relu-tied", text, Rows(409).of("text"), seed=409, b=True,
         lora=dict(r=2, lora_alpha=4, target_modules="all-linear"), weight_decay=0.1)


def write_adapter(out, models, name, base, task, rows, batch, lora):
    """Trains an adapter, saves it as PEFT does, and writes what its model gives for the rows."""
    torch.manual_seed(5)
    model = load(models, base, task)
    model = get_peft_model(model, LoraConfig(task_type=TASK_TYPES[task], **lora))
    start(model, 5, heads=True, adapters=True)
    train(model, task, rows, Rows(6).steps(len(rows), batch, 1), {**DEFAULTS, "learning_rate": 1e-2})
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    settings = folder / "adapter_config.json"
    text = json.loads(settings.read_text())
    text["base_model_name_or_path"] = f"models/{base}"
    text["target_modules"] = sorted(text["target_modules"])
    settings.write_text(json.dumps(text, indent=2, sort_keys=True) + "\n")
    inputs = inputs_of(rows[:3])
    with torch.no_grad():
        logits = model.eval()(**inputs).logits
    save_file({**inputs, "logits": logits.contiguous()}, folder / "expected.safetensors")
    print(name, sorted(load_file(folder / "adapter_model.safetensors"))[:3], flush=True)


def main(models, out):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    out.mkdir(parents=True, exist_ok=True)
    case = lambda *args, **options: write_case(out, models, *args, **options)
    encoder_cases(case)
    decoder_cases(case)
    adapter_cases(case)
    write_adapter(out, models, "adapter-bert", "bert-sequence-classification", "text-classification",
                  Rows(501).of("class", types=True), 4, dict(r=4, lora_alpha=16, target_modules=["query", "value"]))
    write_adapter(out, models, "adapter-gpt2", "gpt2-lm", "text-generation", Rows(502).blocks(), 4,
                  dict(r=4, lora_alpha=8, use_rslora=True, bias="lora_only", target_modules="all-linear",
                       fan_in_fan_out=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
