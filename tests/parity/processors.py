"""Probabilities after transformers' logits processors, on fixed logits: OUT/processors.json.

Each case has `history` (the ids so far, of which the first `prompt_length` are the prompt), `logits`
(null stands for minus infinity), `options` under transformers' names, and `probabilities`: the softmax
of the processed logits. Several options in one case apply in the order in which transformers' generate
applies them. `presence_penalty` is not transformers': it is subtracted once from the logit of each id
that occurs in `history`, after the repetition penalty.
"""

import torch
from transformers import (
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

VOCABULARY = 50
PROMPT_LENGTH = 9
HISTORY = [7, 3, 12, 7, 3, 41, 12, 7, 30, 3, 12, 7]


class PresencePenalty:
    """Subtracts the penalty from the logit of each id that occurs in the history."""

    def __init__(self, penalty):
        self.penalty = penalty

    def __call__(self, history, logits):
        seen = torch.zeros_like(logits).scatter_(1, history, 1.0)
        return logits - self.penalty * seen


def processors(options):
    """The processors that the options ask for, in the order of transformers' generate."""
    makers = {
        "repetition_penalty": RepetitionPenaltyLogitsProcessor,
        "presence_penalty": PresencePenalty,
        "no_repeat_ngram_size": NoRepeatNGramLogitsProcessor,
        "min_new_tokens": lambda n: MinNewTokensLengthLogitsProcessor(PROMPT_LENGTH, n, options["eos_token_id"]),
        "temperature": TemperatureLogitsWarper,
        "top_k": TopKLogitsWarper,
        "top_p": TopPLogitsWarper,
        "min_p": MinPLogitsWarper,
        "typical_p": TypicalLogitsWarper,
    }
    return [make(options[name]) for name, make in makers.items() if name in options]


def case(name, logits, **options):
    """One case: what the options make of the logits."""
    history = torch.tensor([HISTORY])
    scores = logits[None].clone()
    for processor in processors(options):
        scores = processor(history, scores)
    return {
        "name": name,
        "options": options,
        "prompt_length": PROMPT_LENGTH,
        "history": HISTORY,
        "logits": [None if x == float("-inf") else digits(x) for x in logits.tolist()],
        "probabilities": [digits(x) for x in torch.softmax(scores, -1)[0].tolist()],
    }


def digits(value):
    """A number in nine digits, which are enough for any f32."""
    return float(f"{value:.9g}")


def spread():
    """Logits of an ordinary model: no two alike, some likely ids in the history."""
    logits = torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(5)) * 2
    logits[[3, 7, 12]] += 2
    return logits


def tied():
    """Logits with equal values at the edge of what is kept."""
    logits = spread().round()
    assert len(set(logits.tolist())) < 15
    return logits


def barred():
    """Logits of which a third are minus infinity."""
    logits = spread()
    logits[::3] = float("-inf")
    return logits


def sharp():
    """Logits with nearly all weight on one id."""
    logits = spread()
    logits[17] = 30.0
    return logits


def cases():
    """All cases."""
    return [
        case("none", spread()),
        case("temperature below one", spread(), temperature=0.3),
        case("temperature above one", spread(), temperature=1.7),
        case("top-k", spread(), top_k=5),
        case("top-k of one", spread(), top_k=1),
        case("top-k beyond the vocabulary", spread(), top_k=80),
        case("top-k with ties", tied(), top_k=3),
        case("top-k with minus infinity", barred(), top_k=40),
        case("top-p", spread(), top_p=0.8),
        case("top-p of nearly one", spread(), top_p=0.999),
        case("top-p that keeps one", sharp(), top_p=0.5),
        case("top-p of nothing keeps one", spread(), top_p=0.0),
        case("top-p with ties", tied(), top_p=0.6),
        case("top-p with minus infinity", barred(), top_p=0.9),
        case("min-p", spread(), min_p=0.1),
        case("min-p of one", spread(), min_p=1.0),
        case("min-p of one with ties", tied(), min_p=1.0),
        case("min-p with minus infinity", barred(), min_p=0.05),
        case("typical-p", spread(), typical_p=0.7),
        case("typical-p of little", spread(), typical_p=0.05),
        case("typical-p that keeps one", sharp(), typical_p=0.9),
        case("typical-p with ties", tied(), typical_p=0.5),
        case("typical-p with minus infinity", barred(), typical_p=0.9),
        case("repetition penalty", spread(), repetition_penalty=1.3),
        case("repetition penalty below one", spread(), repetition_penalty=0.8),
        case("repetition penalty with minus infinity", barred(), repetition_penalty=1.3),
        case("presence penalty", spread(), presence_penalty=0.9),
        case("presence penalty below zero", spread(), presence_penalty=-0.5),
        case("presence penalty with minus infinity", barred(), presence_penalty=0.9),
        case("no repeated single token", spread(), no_repeat_ngram_size=1),
        case("no repeated pair", spread(), no_repeat_ngram_size=2),
        case("no repeated triple", spread(), no_repeat_ngram_size=3),
        case("n-gram longer than the history", spread(), no_repeat_ngram_size=14),
        case("too few new tokens", spread(), min_new_tokens=4, eos_token_id=7),
        case("enough new tokens", spread(), min_new_tokens=3, eos_token_id=7),
        case("temperature, top-k, top-p", spread(), temperature=0.7, top_k=12, top_p=0.85),
        case("temperature, top-k, top-p with ties", tied(), temperature=1.5, top_k=8, top_p=0.7),
        case("temperature, top-p, min-p", spread(), temperature=1.4, top_p=0.95, min_p=0.04),
        case("top-k, typical-p", spread(), top_k=20, typical_p=0.6),
        case("both penalties", spread(), repetition_penalty=1.2, presence_penalty=0.4),
        case("everything", spread(), repetition_penalty=1.2, presence_penalty=0.4, no_repeat_ngram_size=2,
             min_new_tokens=4, eos_token_id=17, temperature=0.9, top_k=30, top_p=0.95, min_p=0.01, typical_p=0.9),
    ]
