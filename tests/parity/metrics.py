"""Writes inputs for metrics, and what their reference implementations make of them.

    python tests/parity/metrics.py tests/parity/metrics

One JSON file a family, each a list of cases: what was judged, and the numbers. NaN is null. Inputs are edge cases
written by hand and others drawn by seed. It writes the same bytes each time.

SQuAD's scripts are in no package: `squad` below is their definition, written anew. The perplexity of a text longer
than the model reads is computed by the loop in transformers' documentation, "Perplexity of fixed-length models",
on the tiny model in tests/parity/pipelines/text-generation.
"""

import collections
import json
import math
import random
import re
import string
import sys
import warnings
from pathlib import Path

import numpy as np
import sacrebleu
import torch
from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer
from scipy import stats
from seqeval.metrics import accuracy_score as tag_accuracy
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as entity_scores
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_scores
from seqeval.scheme import IOB2
from sklearn import metrics as sk
from transformers import AutoModelForCausalLM, AutoTokenizer

warnings.filterwarnings("ignore")
AVERAGES = ["micro", "macro", "weighted"]

SENTENCES = [
    "The cat sat on the mat.",
    "It's 5.5% cheaper, isn't it? (Yes: $1,000.50!)",
    "Grüße aus Köln – „schön“, sagte er; 3,5 Mio. € …",
    "模型在这里运行,速度很快。",
    "東京は2024年に AI・ML で有名です。",
    "Привет, мир! Это тест №1.",
    "مرحبا بالعالم، هذا اختبار.",
    "state-of-the-art e-mail: a@b.c <skipped> &amp; &quot;x&quot; 10-20 1990-",
    "emoji 👩‍👩‍👧 ❤️ ½ ² Ⅷ ٣٫٥ 5.",
    "one\u00a0two\u2003three\u001cfour\u0085five",
    "First line.\nSecond line, longer than the first.\n\nThird\nline",
    "",
    "   ",
    "a",
    "the the the the the",
    "İstanbul ẞ ΟΔΟΣ straße",
    "\u2001\u2a6d \u2f81 ａｂｃ ☃ ㎏ 𠀀",
]


def clean(value):
    """JSON without NaN and numpy's types."""
    if isinstance(value, dict):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [clean(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def averages(truth, predicted, labels=None):
    """Precision, recall and F1 by average and by what a division by zero gives."""
    found = {}
    for zero in [0.0, 1.0, np.nan]:
        of = {}
        for average in AVERAGES:
            scores = sk.precision_recall_fscore_support(
                truth, predicted, labels=labels, average=average, zero_division=zero
            )
            of[average] = scores[:3]
        per_class = sk.precision_recall_fscore_support(
            truth, predicted, labels=labels, average=None, zero_division=zero
        )
        of["classes"] = np.array(per_class[:3]).T
        found["nan" if zero != zero else str(int(zero))] = of
    return found


def classification(draw):
    cases = [
        ("all right", 3, [0, 1, 2, 2], [0, 1, 2, 2]),
        ("all wrong", 2, [0, 1, 0], [1, 0, 1]),
        ("one class is never predicted", 3, [0, 1, 2, 0], [0, 1, 1, 1]),
        ("one class is never true", 3, [0, 1, 0, 0], [0, 2, 1, 2]),
        ("a class is absent", 4, [0, 3, 0, 3], [0, 0, 3, 3]),
        ("only one class", 2, [1, 1], [1, 1]),
        ("only the negative one", 2, [0, 0, 0], [0, 0, 0]),
        ("only one predicted", 2, [0, 1, 0, 1], [1, 1, 1, 1]),
        ("one row", 2, [1], [0]),
    ]
    for classes in [2, 3, 7, 40]:
        n = draw.randrange(20, 120)
        truth = [draw.randrange(classes) for _ in range(n)]
        predicted = [t if draw.random() < 0.6 else draw.randrange(classes) for t in truth]
        cases.append((f"drawn, {classes} classes", classes, truth, predicted))
    found = []
    for name, classes, truth, predicted in cases:
        case = {
            "name": name,
            "classes": classes,
            "truth": truth,
            "predicted": predicted,
            "accuracy": sk.accuracy_score(truth, predicted),
            "matthews": sk.matthews_corrcoef(truth, predicted),
            "averages": averages(truth, predicted),
            "labels": sorted(set(truth) | set(predicted)),
            "confusion": sk.confusion_matrix(truth, predicted, labels=list(range(classes))),
        }
        if classes == 2:
            case["binary"] = sk.precision_recall_fscore_support(truth, predicted, average="binary", zero_division=0)[:3]
        found.append(case)
    return found


def multilabel(draw):
    cases = [
        ("nothing is true", 3, [[], []], [[], []]),
        ("nothing is predicted", 3, [[0, 2], [1]], [[], []]),
        ("a class is never true nor predicted", 4, [[0], [0, 1], []], [[0], [1, 2], []]),
        ("all right", 2, [[0, 1], [], [1]], [[0, 1], [], [1]]),
    ]
    for classes in [3, 6]:
        def some():
            return [c for c in range(classes) if draw.random() < 0.35]
        truth = [some() for _ in range(50)]
        predicted = [t if draw.random() < 0.4 else some() for t in truth]
        cases.append((f"drawn, {classes} classes", classes, truth, predicted))
    found = []
    for name, classes, truth, predicted in cases:
        def table(rows):
            return np.array([[int(c in row) for c in range(classes)] for row in rows])
        t, p = table(truth), table(predicted)
        found.append({
            "name": name,
            "classes": classes,
            "truth": truth,
            "predicted": predicted,
            "subset_accuracy": sk.accuracy_score(t, p),
            "averages": averages(t, p),
        })
    return found


def regression(draw):
    cases = [
        ("ties", [1, 2, 2, 3, 3, 3], [2, 2, 1, 5, 5, 4]),
        ("constant", [1, 2, 3], [2, 2, 2]),
        ("opposite", [1, 2, 3, 4], [9, 4, 1, 0]),
        ("large", [1e9, 1e9 + 1, 1e9 + 2, 1e9 + 5], [0.1, 0.3, 0.2, 0.4]),
        ("two rows", [0, 1], [0.5, 0.75]),
    ]
    truth = [round(draw.uniform(0, 5), 1) for _ in range(80)]
    cases.append(("drawn", truth, [t + draw.gauss(0, 1) for t in truth]))
    cases.append(("drawn with ties", [round(t) for t in truth], [round(t + draw.gauss(0, 1)) for t in truth]))
    return [
        {
            "name": name,
            "truth": truth,
            "predicted": predicted,
            "pearson": stats.pearsonr(truth, predicted).statistic,
            "spearman": stats.spearmanr(truth, predicted).statistic,
            "mse": sk.mean_squared_error(truth, predicted),
            "mae": sk.mean_absolute_error(truth, predicted),
        }
        for name, truth, predicted in cases
    ]


def entities(draw):
    tags = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-A-B", "I-A-B"]
    odd = tags + ["E-PER", "S-LOC", "B", "I", "PER", ".", "B-", "I--"]
    plain = [
        ("all right", [["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "B-LOC"]]),
        ("no entity", [["O", "O"]], [["O", "O"]]),
        ("none is true", [["O", "O"]], [["B-PER", "I-PER"]]),
        ("none is predicted", [["B-PER", "I-PER"]], [["O", "O"]]),
        ("begins with I", [["I-PER", "I-PER", "O", "I-LOC"]], [["B-PER", "I-PER", "O", "B-LOC"]]),
        ("changes type", [["B-PER", "I-LOC", "I-LOC"]], [["B-PER", "I-PER", "I-LOC"]]),
        ("neighbours", [["B-PER", "B-PER", "I-PER"]], [["B-PER", "I-PER", "B-PER"]]),
        ("empty sentence", [[], ["B-LOC"]], [[], ["B-LOC"]]),
        ("Unicode", [["B-人", "I-人", "O"], ["B-Ort"]], [["B-人", "I-人", "O"], ["B-人"]]),
    ]

    def drawn(choices):
        truth = [[draw.choice(choices) for _ in range(draw.randrange(0, 15))] for _ in range(30)]
        predicted = [[t if draw.random() < 0.8 else draw.choice(choices) for t in row] for row in truth]
        return truth, predicted

    cases = [(*case, True) for case in plain]
    cases += [(f"drawn {i}", *drawn(tags), True) for i in range(3)]
    cases += [(f"drawn, odd tags {i}", *drawn(odd), False) for i in range(3)]
    found = []
    for name, truth, predicted, valid in cases:
        case = {"name": name, "truth": truth, "predicted": predicted, "accuracy": tag_accuracy(truth, predicted)}
        for mode, scores, options in [("default", entity_scores, {}), ("strict", strict_scores, {"scheme": IOB2})]:
            if mode == "strict" and not valid:
                continue
            of = {average: scores(truth, predicted, average=average, zero_division=0, **options)[:3] for average in AVERAGES}
            of["kinds"] = np.array(scores(truth, predicted, average=None, zero_division=0, **options)).T
            case[mode] = of
        found.append(case)
    return found


def squad(draw):
    def normalize(text):
        text = "".join(c for c in text.lower() if c not in string.punctuation)
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())

    def f1(version, answer, predicted):
        answer, predicted = normalize(answer).split(), normalize(predicted).split()
        if version == 2 and not (answer and predicted):
            return float(answer == predicted)
        same = sum((collections.Counter(answer) & collections.Counter(predicted)).values())
        if same == 0:
            return 0.0
        precision, recall = same / len(predicted), same / len(answer)
        return 2 * precision * recall / (precision + recall)

    rows = [
        (["The cat"], "a CAT!"),
        (["the"], ""),
        (["Paris", "in Paris, France"], "Paris France"),
        (["1,000.5"], "10005"),
        (["the\u0301 end"], "\u0301 end"),
        (["a theory", "anthem"], "the a theory"),
        (["Ça va"], "ça  va"),
        (["東京"], "東京。"),
        (["one two two"], "two two two"),
        (["x"], "y"),
        (["the_end"], "theend"),
        (["an\u00a0apple²"], "apple²"),
        ([], ""),
        ([], "something"),
        ([], "the"),
    ]
    words = "the a an cat dog house in of 12 Köln x".split()
    for _ in range(30):
        def some():
            return " ".join(draw.choice(words) for _ in range(draw.randrange(0, 5)))
        rows.append(([some() for _ in range(draw.randrange(1, 3))] if draw.random() < 0.7 else [], some()))
    found = []
    for version in [1, 2]:
        kept = [row for row in rows if row[0] or version == 2]
        scores = []
        for answers, predicted in kept:
            right = [a for a in answers if normalize(a)] if version == 2 else answers
            right = right or [""]
            exact = max(float(normalize(a) == normalize(predicted)) for a in right)
            scores.append((exact, max(f1(version, a, predicted) for a in right), bool(answers)))

        def mean(place, chosen):
            return 100.0 * sum(s[place] for s in chosen) / len(chosen)

        expected = {"exact_match": mean(0, scores), "f1": mean(1, scores)}
        if version == 2:
            for name, has in [("HasAns", True), ("NoAns", False)]:
                of = [s for s in scores if s[2] == has]
                expected |= {f"{name}_exact": mean(0, of), f"{name}_f1": mean(1, of)}
        found.append({"version": version, "rows": kept, "scores": [s[:2] for s in scores], "expected": expected})
    return found


def changed(draw, text):
    """A text that resembles another."""
    words = text.split(" ")
    for _ in range(draw.randrange(0, 4)):
        i = draw.randrange(len(words))
        words[i : i + 1] = draw.choice([[], [words[i], words[i]], ["model"], [words[i] + ","], [words[i].lower()]])
        words = words or [""]
    return " ".join(words)


def corpora(draw):
    """Texts with their references, as (name, texts, references of each)."""
    yield "same", SENTENCES, [[s] for s in SENTENCES]
    yield "changed", [changed(draw, s) for s in SENTENCES], [[s] for s in SENTENCES]
    yield "two references", SENTENCES, [[changed(draw, s), changed(draw, s)] for s in SENTENCES]
    yield "one empty text", [""], [["a b c"]]
    yield "one empty reference", ["a b c"], [[""]]
    yield "both empty", [""], [[""]]
    yield "short", ["a b", "c"], [["a b", "d"], ["c", "c e"]]
    words = "the of to model data run , . 3.5 and-so Über".split()
    references = [[" ".join(draw.choice(words) for _ in range(draw.randrange(3, 20)))] for _ in range(25)]
    yield "drawn", [changed(draw, changed(draw, r[0])) for r in references], references


def streams(references):
    return [list(one) for one in zip(*references)]


def bleu(draw):
    found = []
    for name, texts, references in corpora(draw):
        options = [{"tokenize": t} for t in ["13a", "intl", "zh", "char", "none"]]
        options += [
            {"lowercase": True},
            {"effective_order": True},
            {"smooth_method": "floor"},
            {"smooth_method": "floor", "smooth_value": 0.25},
            {"smooth_method": "add-k"},
            {"smooth_method": "none"},
        ]
        results = []
        for option in options:
            metric = sacrebleu.BLEU(**option)
            score = metric.corpus_score(texts, streams(references)).score
            results.append({"options": option, "score": score, "signature": str(metric.get_signature())})
        found.append({"name": name, "texts": texts, "references": references, "results": results})
    tokens = [
        {"tokenizer": t, "texts": [sacrebleu.BLEU(tokenize=t).tokenizer(s.rstrip()).split() for s in SENTENCES]}
        for t in ["13a", "intl", "zh", "char", "none"]
    ]
    return {"sentences": SENTENCES, "tokens": tokens, "corpora": found, "shuffled": shuffled(draw)}


def shuffled(draw):
    """Differences of two systems whose rows change sides, as sacreBLEU's `--paired-ar` computes them."""
    _, a, references = list(corpora(draw))[-1]
    b = [changed(draw, text) for text in a]
    metric = sacrebleu.BLEU()
    of_a, of_b = (np.array(metric._extract_corpus_statistics(t, streams(references))) for t in (a, b))
    trials = []
    for _ in range(20):
        swap = [draw.random() < 0.5 for _ in a]
        chosen = np.array(swap)[:, None]
        one, other = np.where(chosen, of_b, of_a), np.where(chosen, of_a, of_b)
        difference = metric._aggregate_and_compute(one.tolist()).score - metric._aggregate_and_compute(other.tolist()).score
        trials.append({"swap": swap, "difference": difference})
    return {"a": a, "b": b, "references": references, "trials": trials}


def chrf(draw):
    found = []
    for name, texts, references in corpora(draw):
        results = []
        for option in [{}, {"word_order": 2}, {"lowercase": True}, {"whitespace": True}, {"char_order": 3, "word_order": 1}]:
            metric = sacrebleu.CHRF(**option)
            score = metric.corpus_score(texts, streams(references)).score
            results.append({"options": option, "score": score, "signature": str(metric.get_signature())})
        found.append({"name": name, "texts": texts, "references": references, "results": results})
    return found


ENDINGS = """s es ies sses ied eed ed ing y ational tional enci anci izer bli alli entli eli ousli ization ation ator
alism iveness fulness ousness aliti iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic
able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize e ll l""".split()
WORDS = """sky skies dying lying tying news innings inning outings outing cannings canning howe proceed exceed succeed
caresses ponies ties caress cats feed agreed plastered bled motoring sing conflated troubled sized hopping tanned
falling hissing fizzed failing filing happy enjoy spy spied died relational conditional rational valenci digitizer
radically differently vilely analogously vietnamization predication operator feudalism decisiveness hopefulness
callousness formality sensitivity sensibility triplicate formative formalize electricity electrical hopeful goodness
revival allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment dependent
adoption homologous communism activate angularity effective bowdlerize probate rate cease controll roll geology
theology archaeology yyyy syzygy oed at be 123s 4ing abc123ed controlling rolling fully carefully""".split()


def rouge(draw):
    letters = "aeiouybcdlmnrstwxz"
    words = list(WORDS)
    for _ in range(1500):
        root = "".join(draw.choice(letters) for _ in range(draw.randrange(1, 7)))
        words.append(root + draw.choice(ENDINGS) + (draw.choice(ENDINGS) if draw.random() < 0.2 else ""))
    stemmer = PorterStemmer()
    stems = [[word, stemmer.stem(word)] for word in sorted(set(words))]
    names = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    pairs = [(changed(draw, s), [s]) for s in SENTENCES]
    pairs += [(s, [changed(draw, s), changed(draw, s)]) for s in SENTENCES]
    vocabulary = "model models modelling run running runs the quick fox data , 3.5 hopeful hoping\n \n".split(" ")
    for _ in range(40):
        reference = " ".join(draw.choice(vocabulary) for _ in range(draw.randrange(1, 25)))
        pairs.append((changed(draw, changed(draw, reference)), [reference]))
    results = {}
    for stem in [False, True]:
        scorer = RougeScorer(names, use_stemmer=stem)
        scores = [scorer.score_multi(references, text) for text, references in pairs]
        results["stem" if stem else "plain"] = [[list(s[name]) for name in names] for s in scores]
    return {"stems": stems, "pairs": pairs, "results": results}


def perplexity():
    folder = Path(__file__).parent / "pipelines" / "text-generation"
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder).eval()
    text = "The train leaves at noon. Rain fell for three days, and the river rose over its banks. " * 3
    ids = tokenizer(text, return_tensors="pt").input_ids
    longest, found = model.config.n_positions, []
    for tokens, stride in [(ids.size(1), longest // 2), (ids.size(1), longest), (ids.size(1), 7), (longest, 5), (2, 1)]:
        part = ids[:, :tokens]
        total, count, before = 0.0, 0, 0
        for begin in range(0, tokens, stride):
            end = min(begin + longest, tokens)
            window, new = part[:, begin:end], end - before
            targets = window.clone()
            targets[:, :-new] = -100
            with torch.no_grad():
                loss = model(window, labels=targets).loss
            counted = (targets != -100).sum().item() - targets.size(0)
            if counted:
                total += loss.double().item() * counted
            count += counted
            before = end
            if end == tokens:
                break
        found.append({"text": tokenizer.decode(part[0]), "tokens": tokens, "longest": longest, "stride": stride, "loss": total / count, "perplexity": math.exp(total / count)})
    return found


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for family in [classification, multilabel, regression, entities, squad, bleu, chrf, rouge]:
        cases = family(random.Random(family.__name__))
        write(folder / f"{family.__name__}.json", cases)
    write(folder / "perplexity.json", perplexity())


def write(path, cases):
    if isinstance(cases, list):
        lines = ",\n".join(json.dumps(clean(case), ensure_ascii=False) for case in cases)
        path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    else:
        parts = ",\n".join(f"{json.dumps(k)}: {json.dumps(clean(v), ensure_ascii=False)}" for k, v in cases.items())
        path.write_text(f"{{\n{parts}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
