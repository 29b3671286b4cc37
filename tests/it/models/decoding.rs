//! Decoding with a cache gives what a pass over the whole text gives.

use modeldesk::model::batch::Batch;
use modeldesk::model::config::Config;
use modeldesk::model::heads::{CausalDecoder, CausalLm};
use modeldesk::model::layers::{Precision, Sight, Source};
use modeldesk::model::t5::{Encoded, Seq2SeqDecoder, T5};
use modeldesk::model::tape::Tape;

use super::fixture::{Fixture, assert_close};

/// Feeds a prompt, splits into three texts, trades them, and gives each more tokens: the texts as
/// they are then, and the last logits.
fn split_and_trade(
    feed: &mut dyn FnMut(&[&[u32]]) -> Vec<f32>,
    reorder: &mut dyn FnMut(&[usize]),
) -> (Vec<Vec<u32>>, Vec<f32>) {
    let mut texts = vec![vec![7, 3, 50, 11, 2]];
    feed(&[&texts[0]]);
    let mut logits = Vec::new();
    let orders: [&[usize]; 4] = [&[0, 0, 0], &[2, 0, 1], &[1, 1, 0], &[0, 2]];
    for (step, order) in orders.into_iter().enumerate() {
        reorder(order);
        texts = order.iter().map(|from| texts[*from].clone()).collect();
        let new: Vec<Vec<u32>> = (0..texts.len())
            .map(|i| vec![(13 * step + 5 * i + 20) as u32; 1 + (i + step) % 2])
            .collect();
        for (text, new) in texts.iter_mut().zip(&new) {
            text.extend(new);
        }
        logits = feed(&new.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    (texts, logits)
}

#[test]
fn causal_models_continue_texts_as_if_they_read_them_anew() {
    for name in ["gpt2-lm", "gpt2-scaled"] {
        let fixture = Fixture::open(name);
        let source = Source::checkpoint(&fixture.checkpoint, "transformer", Precision::F32);
        let model = CausalLm::load(&source, &fixture.config).expect("a model");
        let decoder = std::cell::RefCell::new(CausalDecoder::new(&model, 30));
        let (texts, logits) = split_and_trade(
            &mut |tokens| decoder.borrow_mut().feed(tokens).values().to_vec(),
            &mut |from| decoder.borrow_mut().reorder(from),
        );
        let batch = Batch::new(texts.iter().map(Vec::as_slice));
        let sight = &mut Sight::Whole(&batch.starts);
        let whole = model.logits(&mut Tape::off(), &batch.ids, sight, &batch.lasts());
        assert_close(&logits, whole.values(), 1e-5, name);
        assert_eq!(decoder.borrow().capacity(), 30);
    }
}

#[test]
fn t5_continues_outputs_as_if_it_read_them_anew() {
    for name in ["t5-gated-untied", "t5-relu-tied"] {
        let fixture = Fixture::open(name);
        let source = Source::checkpoint(&fixture.checkpoint, "", Precision::F32);
        let Config::T5(config) = &fixture.config else {
            panic!("no T5")
        };
        let model = T5::load(&source, config).expect("a model");
        let input: Vec<u32> = (0..23).map(|i| 4 + i * 3).collect();
        let decoder = std::cell::RefCell::new(Seq2SeqDecoder::new(&model, &input, 40));
        let (texts, logits) = split_and_trade(
            &mut |tokens| decoder.borrow_mut().feed(tokens).values().to_vec(),
            &mut |from| decoder.borrow_mut().reorder(from),
        );
        let tape = &mut Tape::off();
        let inputs = Batch::new(texts.iter().map(|_| input.as_slice()));
        let outputs = Batch::new(texts.iter().map(Vec::as_slice));
        let hidden = model.encode(tape, &inputs, |_| ());
        let mut encoded = Encoded::new(hidden, &inputs);
        let sight = &mut Sight::Whole(&outputs.starts);
        let whole = model.decode(tape, &outputs.ids, sight, &mut encoded, |_| ());
        let whole = tape.select_rows(&whole, &outputs.lasts());
        let whole = model.logits(tape, &whole);
        assert_close(&logits, whole.values(), 1e-5, name);
    }
}
