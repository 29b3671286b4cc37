"""Writes tiny models with tokenizers, and what transformers' pipelines make of texts with them.

    python tests/parity/pipelines.py tests/parity/pipelines tests/parity/models/pipelines.json

Reads tests/parity/tokenizers (see text.py). For each model a folder with config.json, model.safetensors,
tokenizer.json, tokenizer_config.json and special_tokens_map.json; in the JSON file a list of cases, one a line:
task, model, inputs, options, outputs, under the pipelines' names. It writes the same bytes each time.

transformers 5 has no pipelines for question answering, summarization, translation and text2text generation.
Here `answer` follows question answering as transformers 4.57 documents it, with the span selection that 5 still
has for documents; the other three are generate and decode, in the shape that their pipelines had. Sentence
embeddings are computed by their definition: the mean of the tokens' last states, normalized.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModel,
    AutoTokenizer,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DistilBertForSequenceClassification,
    DistilBertModel,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    pipeline,
)
from transformers.pipelines.document_question_answering import select_starts_ends
from transformers.utils import logging

import generation
import models

TOKENIZERS = Path(__file__).parent / "tokenizers"
SIZES = {"wordpiece": 400, "byte-level-bpe": 400, "unigram": 276}
BERT_TOKENS = dict(unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
GPT2_TOKENS = dict(bos_token="<|endoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>")
T5_TOKENS = dict(pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG"]

NAMES = "Anna Berger of Alder Motors met Doctor Lena Fischer in Paris, near the café."
PAIR = {"text": "The soup was cold.", "text_pair": "The waiter was kind, and the bread was warm."}
QUESTION = "Who opened the bridge?"
STATEMENT = "Anna lives in Vienna."
CONTEXT = (
    "Peter Marsh, the mayor of Cork, opened the bridge on Monday. Rain fell for three days, and the river rose over "
    "its banks. In March the council of Leeds bought forty new buses from Alder Motors. The museum keeps a letter "
    "that the painter sent to his brother, who lives in Vienna."
)
TEXTS = ["Great service and a fair price!", "This film was slow.", "", "Why do leaves turn red?"]
PROMPT = "The train to Paris"
GREEDY = {"do_sample": False, "max_new_tokens": 24}
SHORT = {"do_sample": False, "max_new_tokens": 20}
BEAMS = {**SHORT, "num_beams": 4, "length_penalty": 2.0, "early_stopping": True, "no_repeat_ngram_size": 3}
LETTER = "The meeting is on Thursday at half past four. Translate the first sentence and summarize the rest."


# The models.


def labels(names):
    return {"id2label": dict(enumerate(names)), "label2id": {name: i for i, name in enumerate(names)}}


def load_tokenizer(kind, tokens, length=models.POSITIONS, types=True):
    """One of the tokenizers that are inputs; `types` for models that read token types."""
    inputs = ["input_ids", "token_type_ids", "attention_mask"] if types else ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_file=str(TOKENIZERS / f"{kind}.json"), model_max_length=length, model_input_names=inputs, **tokens
    )


def write_tokenizer(folder, kind, tokens, length, types):
    """The tokenizer's files beside a model; the map of special tokens as older releases write it."""
    load_tokenizer(kind, tokens, length, types).save_pretrained(folder)
    shutil.copy(TOKENIZERS / f"{kind}.json", folder / "tokenizer.json")
    (folder / "special_tokens_map.json").write_text(json.dumps(tokens, indent=2) + "\n")


def write_model(out, name, model, kind="wordpiece", tokens=BERT_TOKENS, length=models.POSITIONS):
    """One folder: the model and its tokenizer."""
    shutil.rmtree(out / name, ignore_errors=True)
    model.save_pretrained(out / name)
    write_tokenizer(out / name, kind, tokens, length, model.config.model_type == "bert")


def bert(kind, seed, gain=8.0, **settings):
    return models.build(kind, models.bert(vocab_size=SIZES["wordpiece"], **settings), seed, gain)


def distilbert(kind, seed, **settings):
    return models.build(kind, models.distilbert(vocab_size=SIZES["wordpiece"], **settings), seed)


@torch.no_grad()
def louder(model, names, factor):
    """The model with these parameters multiplied, so that its scores differ from each other."""
    for name in names:
        model.get_parameter(name).mul_(factor)
    return model


def first(make, good):
    """The model of the first seed whose outputs have what a test needs."""
    return next(model for model in map(make, range(1000)) if good(model))


def classifier(names):
    """A classifier that does not give every text the same label."""
    tokenizer = load_tokenizer("wordpiece", BERT_TOKENS)

    def make(seed):
        return louder(bert(BertForSequenceClassification, seed, **labels(names)), ["classifier.weight"], 3)

    def good(model):
        found = pipeline("text-classification", model=model, tokenizer=tokenizer)(TEXTS)
        return {one["label"] for one in found} == set(names)

    return first(make, good)


def tagger():
    """A tagger that uses all tags, joins some tokens, and whose strategies group tokens differently."""
    tokenizer = load_tokenizer("wordpiece", BERT_TOKENS)

    def make(seed):
        return bert(BertForTokenClassification, seed, gain=20.0, **labels(TAGS))

    def good(model):
        pipe = pipeline("token-classification", model=model, tokenizer=tokenizer)
        tags = [one["entity"] for one in pipe(NAMES, ignore_labels=[])]
        groups = [[(one["entity_group"], one["start"]) for one in pipe(NAMES, aggregation_strategy=strategy)]
                  for strategy in ("simple", "first", "average", "max")]
        return set(tags) == set(TAGS) and len(set(map(str, groups))) == 4

    return first(make, good)


def reader():
    """A reader for which no answer is sometimes the best, sometimes not."""
    tokenizer = load_tokenizer("wordpiece", BERT_TOKENS)

    def make(seed):
        return bert(BertForQuestionAnswering, seed, gain=20.0)

    def good(model):
        options = dict(top_k=3, handle_impossible_answer=True)
        found = answer(model, tokenizer, QUESTION, STATEMENT, **options)
        best = [answer(model, tokenizer, QUESTION, text, max_seq_len=28, doc_stride=8, **options)[0]["answer"]
                for text in (STATEMENT, CONTEXT)]
        return "" in [one["answer"] for one in found] and "" in best and best.count("") == 1 and "." not in best

    return first(make, good)


def write_encoders(out):
    write_model(out, "fill-mask", louder(bert(BertForMaskedLM, 1), ["bert.embeddings.word_embeddings.weight"], 20))
    write_model(out, "text-classification", classifier(["NEGATIVE", "NEUTRAL", "POSITIVE"]))
    topics = labels(["price", "service", "taste", "speed"])
    multi = distilbert(DistilBertForSequenceClassification, 3, problem_type="multi_label_classification", **topics)
    write_model(out, "text-classification-multi-label", multi)
    write_model(out, "token-classification", tagger())
    write_model(out, "question-answering", reader())
    write_model(out, "feature-extraction", distilbert(DistilBertModel, 6))


def write_sentence(out):
    """A sentence-transformers folder: mean pooling, then normalization."""
    folder = out / "sentence-embedding"
    write_model(out, "sentence-embedding", bert(BertModel, 7))
    (folder / "1_Pooling").mkdir()
    modules = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    listed = [{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
              for i, (kind, path) in enumerate(modules)]
    modes = dict(cls_token=False, mean_tokens=True, max_tokens=False, mean_sqrt_len_tokens=False)
    pooling = {"word_embedding_dimension": 30, **{f"pooling_mode_{name}": on for name, on in modes.items()}}
    write_json(folder / "modules.json", listed)
    write_json(folder / "1_Pooling/config.json", pooling)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 16, "do_lower_case": False})


def build_gpt2(seed):
    config = models.gpt2(2, vocab_size=SIZES["byte-level-bpe"], n_positions=64, bos_token_id=399, eos_token_id=399)
    model = models.build(GPT2LMHeadModel, config, seed, gain=20.0)
    return louder(louder(model, ["transformer.wte.weight"], 20), ["transformer.wpe.weight"], 40)


def firm(model, ids, choices):
    """The sequences of each choice, or nothing if small changes of the weights change them."""
    prompt = ids["input_ids"][0].tolist()
    found = [generation.generate(model, prompt, {**choice, "pad_token_id": 0})[0] for choice in choices]
    for other in (generation.shaken(model, 1), generation.shaken(model, 2)):
        if found != [generation.generate(other, prompt, {**choice, "pad_token_id": 0})[0] for choice in choices]:
            return []
    return found


def writer():
    """A GPT-2 that says different things, some of them letters."""
    ids = load_tokenizer("byte-level-bpe", GPT2_TOKENS, 64, False)(PROMPT, return_tensors="pt")
    return first(build_gpt2, lambda model: firm(model, ids, [GREEDY, {**GREEDY, "num_beams": 3}]))


def translator():
    """A T5 that ends early, and later when told to."""
    ids = load_tokenizer("unigram", T5_TOKENS, 512, False)(LETTER, return_tensors="pt")

    def good(model):
        found = firm(model, ids, [SHORT, BEAMS, {**SHORT, "min_new_tokens": 14}])
        return found and len(found[0][0]) in range(7, 13) and len(found[2][0]) > 14 and found[0] != found[1]

    return first(lambda seed: models.build_t5(seed, True, SIZES["unigram"]), good)


def write_generators(out):
    write_model(out, "text-generation", writer(), "byte-level-bpe", GPT2_TOKENS, 64)
    write_model(out, "text2text-generation", translator(), "unigram", T5_TOKENS, 512)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


# What the pipelines give.


def plain(value):
    """Outputs as JSON has them, numbers in nine digits."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{float(value):.9g}")
    return int(value) if isinstance(value, np.integer) else value


def case(task, model, inputs, options, outputs):
    return plain({"task": task, "model": model, "inputs": inputs, "options": options, "outputs": outputs})


def pipe(out, task, model, runs):
    """The cases of one pipeline: inputs and options, one run each."""
    made = pipeline(task, str(out / model), device="cpu", dtype=torch.float32)
    return [case(task, model, inputs, options, made(inputs, **options)) for inputs, options in runs]


def fill_mask(out):
    one, two = "The [MASK] to Paris leaves at nine.", "She wrote [MASK] report in [MASK] days."
    return pipe(out, "fill-mask", "fill-mask", [
        (one, {}),
        (one, {"top_k": 2}),
        (one, {"targets": ["train", "river", "the"]}),
        (one, {"targets": ["train", "motors", "unheard"], "top_k": 2}),
        (two, {"top_k": 3}),
        ([one, two], {"top_k": 1}),
    ])


def text_classification(out):
    options = [{}, {"top_k": None}, {"top_k": 2}, {"top_k": 1}]
    options += [{"function_to_apply": name, "top_k": None} for name in ("sigmoid", "softmax", "none")]
    cases = []
    for model in ("text-classification", "text-classification-multi-label"):
        runs = [(TEXTS, {}), (PAIR, {}), (PAIR, {"top_k": None}), ([PAIR, PAIR], {"top_k": 1})]
        cases += pipe(out, "text-classification", model, [(TEXTS[0], option) for option in options] + runs)
    return cases


def token_classification(out):
    long = f"{NAMES} Martin Reyes and Peter Marsh work for Northwind Traders and Harbour Health!"
    runs = [(NAMES, {})]
    for strategy in ("none", "simple", "first", "average", "max"):
        runs += [(text, {"aggregation_strategy": strategy}) for text in (NAMES, "Zażółć 東京 Anna-Lena's café — ok", "")]
        runs.append((NAMES, {"aggregation_strategy": strategy, "ignore_labels": []}))
        runs.append((NAMES, {"aggregation_strategy": strategy, "ignore_labels": ["O", "PER", "B-ORG"]}))
        runs.append((long, {"aggregation_strategy": strategy, "stride": 6}) if strategy != "none" else (long, {}))
    return pipe(out, "token-classification", "token-classification", runs)


def feature_extraction(out):
    return pipe(out, "feature-extraction", "feature-extraction", [(NAMES, {}), (["A fox and a crow.", ""], {})])


def text_generation(out):
    new = {**GREEDY, "return_full_text": False}
    first = pipe(out, "text-generation", "text-generation", [(PROMPT, new)])
    stops = stop_strings(first[0]["outputs"][0]["generated_text"])
    return first + pipe(out, "text-generation", "text-generation", [
        (PROMPT, GREEDY),
        (PROMPT, {**GREEDY, "return_full_text": True}),
        ("Crème brûlée für 3 €", new),
        (PROMPT, {**GREEDY, "num_beams": 3, "num_return_sequences": 2}),
        ([PROMPT, "Why"], GREEDY),
    ]) + stopped(out, stops)


def stop_strings(text):
    """Texts to stop at, out of the longest stretch of whole characters: within tokens and over their edges."""
    whole = max(text.split("\ufffd"), key=len)
    return [[whole[2:4]], [whole[1:7], "unheard"], ["unheard"]]


def stopped(out, stops):
    """Texts that end with the token that completes a stop string, which the pipeline takes under another name."""
    made = pipeline("text-generation", str(out / "text-generation"), device="cpu", dtype=torch.float32)
    new = {**GREEDY, "return_full_text": False}
    return [case("text-generation", "text-generation", PROMPT, {**new, "stop_strings": strings},
                 made(PROMPT, **new, stop_sequence=strings)) for strings in stops]


def text2text(out):
    """Summaries, translations and plain text: the same generation under three names."""
    model = AutoModelForSeq2SeqLM.from_pretrained(out / "text2text-generation", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(out / "text2text-generation")
    keys = {"text2text-generation": "generated_text", "summarization": "summary_text", "translation": "translation_text"}
    cases = []
    for task, key in keys.items():
        for options in (SHORT, BEAMS, {**BEAMS, "num_return_sequences": 2}, {**SHORT, "min_new_tokens": 14}):
            found = model.generate(**tokenizer(LETTER, return_tensors="pt"), **options)
            texts = [{key: tokenizer.decode(ids, skip_special_tokens=True)} for ids in found]
            cases.append(case(task, "text2text-generation", LETTER, options, texts))
    return cases


def sentence_embedding(out):
    """The mean over a text's tokens of the last hidden states, divided by its length."""
    model = AutoModel.from_pretrained(out / "sentence-embedding", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(out / "sentence-embedding")
    texts = ["A fox and a crow.", "Birds fly south.", NAMES, ""]
    inputs = tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=16)
    with torch.no_grad():
        states = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"][..., None].float()
    mean = (states * mask).sum(1) / mask.sum(1)
    vectors = mean / mean.norm(dim=1, keepdim=True)
    return [case("sentence-similarity", "sentence-embedding", texts, {}, vectors.tolist())]


# Question answering.


def windows(tokenizer, question, context, max_seq_len, doc_stride):
    """The question beside each stretch of the context, with the tokens that an answer may have."""
    found = tokenizer(question, context, truncation="only_second", max_length=max_seq_len, stride=doc_stride,
                      return_tensors="np", return_overflowing_tokens=True)
    for i, encoding in enumerate(found.encodings):
        masked = np.array([part != 1 for part in encoding.sequence_ids]).astype(int)
        masked[found["input_ids"][i] == tokenizer.cls_token_id] = 0
        inputs = {name: torch.tensor(np.array(found[name][i]))[None] for name in tokenizer.model_input_names}
        yield encoding, masked, inputs


def characters(encoding, start, end, align_to_words):
    """Where the words of these tokens begin and end in the context, or the tokens themselves."""
    words = encoding.token_to_word(start), encoding.token_to_word(end)
    if align_to_words and None not in words:
        return encoding.word_to_chars(words[0], 1)[0], encoding.word_to_chars(words[1], 1)[1]
    return encoding.offsets[start][0], encoding.offsets[end][1]


def answer(model, tokenizer, question, context, top_k=1, doc_stride=None, max_answer_len=15, max_seq_len=None,
           handle_impossible_answer=False, align_to_words=True):
    """The answers of all windows; equal texts, whatever their case, share an entry and add their scores."""
    max_seq_len = max_seq_len or min(tokenizer.model_max_length, 384)
    doc_stride = min(max_seq_len // 2, 128) if doc_stride is None else doc_stride
    null, answers = 1000000, []
    for encoding, masked, inputs in windows(tokenizer, question, context, max_seq_len, doc_stride):
        with torch.no_grad():
            found = model(**inputs)
        starts, ends, scores, null = select_starts_ends(
            found.start_logits.numpy(), found.end_logits.numpy(), masked, inputs["attention_mask"].numpy(), null,
            top_k * 2 + 10 if align_to_words else top_k, handle_impossible_answer, max_answer_len,
        )
        for start, end, score in zip(starts, ends, scores):
            begin, stop = characters(encoding, int(start), int(end), align_to_words)
            text = context[begin:stop]
            same = next((known for known in answers if known["answer"].lower() == text.lower()), None)
            if same:
                same["score"] += score.item()
            else:
                answers.append({"score": score.item(), "start": begin, "end": stop, "answer": text})
    if handle_impossible_answer:
        answers.append({"score": null, "start": 0, "end": 0, "answer": ""})
    answers = sorted(answers, key=lambda found: found["score"], reverse=True)[:top_k]
    return answers[0] if len(answers) == 1 else answers


def question_answering(out):
    model = AutoModelForQuestionAnswering.from_pretrained(out / "question-answering", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(out / "question-answering")
    several = {"max_seq_len": 28, "doc_stride": 8}
    runs = [
        (STATEMENT, {}),
        (STATEMENT, {"top_k": 3}),
        (STATEMENT, {"top_k": 3, "handle_impossible_answer": True}),
        (STATEMENT, {"top_k": 4, "max_answer_len": 2}),
        (STATEMENT, {"top_k": 3, "align_to_words": False}),
        (CONTEXT, {}),
        (CONTEXT, several),
        (CONTEXT, {**several, "top_k": 3}),
        (CONTEXT, {**several, "top_k": 20, "handle_impossible_answer": True}),
        (CONTEXT, {**several, "top_k": 5, "max_answer_len": 3}),
        (CONTEXT, {**several, "doc_stride": 0, "top_k": 3}),
    ]
    return [case("question-answering", "question-answering", {"question": QUESTION, "context": context}, options,
                 answer(model, tokenizer, QUESTION, context, **options)) for context, options in runs]


TASKS = (fill_mask, text_classification, token_classification, question_answering, feature_extraction, text_generation,
         text2text, sentence_embedding)


def main(out, expected):
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for write in (write_encoders, write_sentence, write_generators):
        write(out)
    models.write_cases(expected, [found for task in TASKS for found in task(out)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
