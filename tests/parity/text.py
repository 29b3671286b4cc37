"""The text that the small tokenizers are trained on, and `train`, which trains them.

    python tests/parity/text.py tests/parity/tokenizers

Training gives other vocabularies each time, so this is run once and its files are inputs.
"""

import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SIZE = 400  # the Unigram trainer stops at 276
SENTENCES = """
Anna Berger lives in Vienna and works for Northwind Traders.
The train to Paris leaves at nine, and the next one an hour later.
In March the council of Leeds bought forty new buses from Alder Motors.
She wrote the report in two days, but nobody at the office read it.
What is the name of the river that runs through the old town?
The library opens at ten o'clock and closes at six in the evening.
My neighbour's cat sleeps on the warm roof of the blue car.
This film was slow, far too long, and I would not watch it again.
A wonderful book: short, clear and full of good examples.
The soup was cold, the bread was stale; the waiter was kind.
Peter Marsh, the mayor of Cork, opened the bridge on Monday.
Rain fell for three days, and the river rose over its banks.
The small model answers in a second on an ordinary laptop.
We measured the speed twice and wrote down the lower figure.
Translate the first sentence and summarize the rest of the letter.
The company makes paper, glue and ink in a factory near Ghent.
Water boils at one hundred degrees at the level of the sea.
He asked for a room with a view of the harbour and the lighthouse.
The café on the corner sells naïve paintings and crème brûlée.
Doctor Lena Fischer of Harbour Health found the cause of the fever.
Why do leaves turn red and yellow in autumn?
The museum keeps a letter that the painter sent to his brother.
Our order came late, and two of the five cups were broken.
Great service, quick delivery and a fair price: thank you!
The teacher told the children a story about a fox and a crow.
Two engineers from Alder Motors moved to Berlin last summer.
Store the keys in a safe place and change the lock once a year.
The meeting is on Thursday at half past four in the long room.
Birds fly south before the first snow falls on the hills.
Martin Reyes plays the violin in the orchestra of Lisbon.
"""


def wordpiece():
    """BERT's form: lower case, [CLS] and [SEP] around one or two texts."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=special)
    tokenizer.train_from_iterator(SENTENCES.split("\n"), trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def byte_level_bpe():
    """GPT-2's form: any byte has a token, and the end of text comes last."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=SIZE - 1, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(SENTENCES.split("\n"), trainer)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def unigram():
    """T5's form: <pad> 0, </s> 1, <unk> 2, and </s> after every text."""
    special = ["<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=SIZE, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(SENTENCES.split("\n"), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def train(out):
    """Trains all three."""
    out.mkdir(parents=True, exist_ok=True)
    for make in (wordpiece, byte_level_bpe, unigram):
        make().save(str(out / f"{make.__name__.replace('_', '-')}.json"))


if __name__ == "__main__":
    train(Path(sys.argv[1]))
