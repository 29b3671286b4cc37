"""Writes what transformers' example scripts make of rows, with the tiny tokenizers.

    python tests/parity/features.py tests/parity/pipelines tests/parity/models/features.json

A case a line: the folder of the tokenizer, the task, options, rows, and the features that the script of that task
gives for them without padding: run_glue, run_ner, run_qa, run_clm, run_mlm, run_summarization of transformers 5.
Each function here does the steps that the script's own does. It writes the same bytes each time.
"""

import json
import sys
from itertools import chain
from pathlib import Path

from transformers import AutoTokenizer

SHORT = "The soup was cold."
LONG = "Anna Berger of Alder Motors met Doctor Lena Fischer in Paris, near the café, and they talked for three hours."
RIVER = (
    "Peter Marsh, the mayor of Cork, opened the bridge on Monday. Rain fell for three days, and the river rose over "
    "its banks. In March the council of Leeds bought forty new buses from Alder Motors. The museum keeps a letter "
    "that the painter sent to his brother, who lives in Vienna."
)
TAGS = ["B-LOC", "B-ORG", "B-PER", "I-ORG", "I-PER", "O"]


def features(encoding, labels):
    made = {"input_ids": encoding["input_ids"], "labels": labels}
    if any(encoding.get("token_type_ids", [])):
        made["token_type_ids"] = encoding["token_type_ids"]
    return made


def classification(tokenizer, rows, max_length):
    for row in rows:
        texts = [row["text"]] + ([row["pair"]] if "pair" in row else [])
        yield features(tokenizer(*texts, max_length=max_length, truncation=True), row["label"])


def tags(tokenizer, rows, max_length, label_all_tokens):
    inside = [TAGS.index("I" + tag[1:]) if tag[0] == "B" and "I" + tag[1:] in TAGS else i for i, tag in enumerate(TAGS)]
    for row in rows:
        encoding = tokenizer(row["words"], is_split_into_words=True, max_length=max_length, truncation=True)
        before, labels = None, []
        for word in encoding.word_ids():
            if word is None:
                labels.append(-100)
            elif word != before:
                labels.append(row["tags"][word])
            else:
                labels.append(inside[row["tags"][word]] if label_all_tokens else -100)
            before = word
        yield features(encoding, labels)


def questions(tokenizer, rows, max_length, stride):
    for row in rows:
        windows = tokenizer(
            row["question"].lstrip(), row["context"], truncation="only_second", max_length=max_length, stride=stride,
            return_overflowing_tokens=True, return_offsets_mapping=True,
        )
        for i, offsets in enumerate(windows["offset_mapping"]):
            ids, sequences = windows["input_ids"][i], windows.sequence_ids(i)
            cls = ids.index(tokenizer.cls_token_id)
            start = end = cls
            if row["answers"]:
                answer = row["answers"][0]
                first, last = answer["start"], answer["start"] + len(answer["text"])
                a = sequences.index(1)
                b = len(ids) - 1 - sequences[::-1].index(1)
                if offsets[a][0] <= first and offsets[b][1] >= last:
                    # The script's own note: an answer that is the last word runs past the context. Not here.
                    end_of_context = b
                    while a <= end_of_context and offsets[a][0] <= first:
                        a += 1
                    while offsets[b][1] >= last:
                        b -= 1
                    start, end = a - 1, b + 1
            made = {"input_ids": ids, "span": [start, end]}
            if "token_type_ids" in windows and any(windows["token_type_ids"][i]):
                made["token_type_ids"] = windows["token_type_ids"][i]
            yield made


def blocks(tokenizer, rows, max_length, labelled):
    """What run_clm and run_mlm call group_texts; the rest that they drop is not here either."""
    ids = list(chain(*(tokenizer(row["text"])["input_ids"] for row in rows)))
    for i in range(0, len(ids) // max_length * max_length, max_length):
        block = ids[i : i + max_length]
        yield {"input_ids": block, "labels": block if labelled else None}


def pairs(tokenizer, rows, max_length, max_target_length, source_prefix):
    for row in rows:
        encoding = tokenizer(source_prefix + row["source"], max_length=max_length, truncation=True)
        target = tokenizer(text_target=row["target"], max_length=max_target_length, truncation=True)
        yield features(encoding, target["input_ids"])


def cases():
    texts = [{"text": SHORT, "label": 1}, {"text": LONG, "label": 0}, {"text": "x" * 90, "label": 2}]
    both = [{"text": SHORT, "pair": LONG, "label": 0}, {"text": RIVER, "pair": LONG, "label": 1}]
    words = [
        {"words": ["Anna", "Berger", "met", "Alder", "Motors", "in", "Paris", "."], "tags": [2, 4, 5, 1, 3, 5, 0, 5]},
        {"words": ["Überraschung", "-", "naïve", "\u200b", "AC/DC", "'s"], "tags": [5, 5, 5, 5, 1, 5]},
        {"words": LONG.split() * 2, "tags": [i % 6 for i in range(len(LONG.split()) * 2)]},
    ]
    def asked(question, text):
        return {"question": question, "context": RIVER, "answers": [{"text": text, "start": RIVER.index(text)}]}
    questions_of = [
        asked("Who opened the bridge?", "Peter Marsh"),
        asked("  How many buses?", "forty"),
        asked("Where does he live?", "Vienna"),
        asked("What does the museum keep?", "a letter"),
        {"question": "Who wrote the opera?", "context": RIVER, "answers": []},
    ]
    plain = [{"text": text} for text in [RIVER, SHORT, LONG, "naïve café\n\nnext", RIVER]]
    summaries = [{"source": RIVER, "target": SHORT}, {"source": SHORT, "target": LONG}]
    for length in [16, 40, 512]:
        yield "text-classification", "text-classification", texts + both, {"max_length": length}, classification
    yield "text-generation", "text-classification", texts, {"max_length": 20}, classification
    for label_all_tokens in [False, True]:
        for length in [14, 512]:
            options = {"max_length": length, "label_all_tokens": label_all_tokens}
            yield "token-classification", "token-classification", words, options, tags
    for length, stride in [(40, 10), (64, 20), (512, 128)]:
        options = {"max_length": length, "stride": stride}
        yield "question-answering", "question-answering", questions_of, options, questions
    for length in [16, 50]:
        yield "text-generation", "text-generation", plain, {"max_length": length, "labelled": True}, blocks
        yield "fill-mask", "fill-mask", plain, {"max_length": length, "labelled": False}, blocks
    for prefix in ["", "summarize: "]:
        for length, target in [(24, 10), (512, 128)]:
            options = {"max_length": length, "max_target_length": target, "source_prefix": prefix}
            yield "text2text-generation", "summarization", summaries, options, pairs


def main(folder, path):
    lines = []
    for model, task, rows, options, make in cases():
        tokenizer = AutoTokenizer.from_pretrained(Path(folder) / model)
        made = list(make(tokenizer, rows, **options))
        case = {"model": model, "task": task, "options": options, "rows": rows, "features": made}
        lines.append(json.dumps(case, ensure_ascii=False))
    Path(path).write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
