//! The loop, with a toy model.

use std::ops::ControlFlow;

use super::toy::{Toy, run, run_with};
use super::{EarlyStopping, Finish, Options, Request, Step, generate};
use crate::error::Kind;
use crate::jobs::Cancel;
use crate::model::generate::sample::{likeliest, log_softmax};
use crate::model::tokenizer::fixtures;

fn greedy(max_new_tokens: usize) -> Options {
    Options {
        max_new_tokens,
        ..Options::default()
    }
}

fn drawn(seed: u64, wanted: usize) -> Options {
    Options {
        do_sample: true,
        top_k: 0,
        seed,
        num_return_sequences: wanted,
        ..greedy(12)
    }
}

#[test]
fn a_greedy_text_takes_the_likeliest_token_each_time() {
    let toy = Toy::new(30, 4);
    let found = run(&toy, &[1, 2, 3], &greedy(10));
    let mut history = vec![1, 2, 3];
    for _ in 0..10 {
        history.push(likeliest(&toy.logits(&history)).expect("token"));
    }
    assert_eq!(found.sequences[0].ids, history[3..]);
    assert_eq!(found.sequences[0].finish, Finish::Length);
    assert_eq!(found.sequences[0].score, None);
    assert_eq!(
        (found.timing.prompt_tokens, found.timing.more_tokens),
        (3, 9)
    );
}

#[test]
fn an_end_of_text_ends_it_and_not_before_the_minimum() {
    let toy = Toy::new(10, 2);
    let free = run(&toy, &[1], &greedy(40)).sequences.swap_remove(0).ids;
    let end = free[3];
    let first = free.iter().position(|id| *id == end).expect("it comes");
    let mut options = Options {
        eos_token_id: vec![end],
        ..greedy(40)
    };
    let found = run(&toy, &[1], &options).sequences.swap_remove(0);
    assert_eq!(
        (found.ids.as_slice(), found.finish),
        (&free[..=first], Finish::Eos)
    );
    options.min_new_tokens = 20;
    let found = run(&toy, &[1], &options).sequences.swap_remove(0);
    assert!(found.ids.len() > 20 && !found.ids[..20].contains(&end));
}

#[test]
fn the_same_seed_draws_the_same_and_another_does_not() {
    let toy = Toy::new(50, 7);
    let texts = |options: &Options| run(&toy, &[1, 2], options).sequences;
    assert_eq!(texts(&drawn(3, 1)), texts(&drawn(3, 1)));
    assert_ne!(texts(&drawn(3, 1)), texts(&drawn(4, 1)));
    let several = texts(&drawn(3, 4));
    assert_eq!(several[..1], texts(&drawn(3, 1)));
    assert!(several[1..].iter().all(|other| other.ids != several[0].ids));
    let beams = Options {
        num_beams: 3,
        ..drawn(5, 3)
    };
    assert_eq!(texts(&beams), texts(&beams));
}

#[test]
fn sequences_that_end_early_leave_the_others_alone() {
    let toy = Toy::new(12, 3);
    let options = Options {
        eos_token_id: vec![0, 5],
        ..drawn(8, 6)
    };
    let all = run(&toy, &[1], &options).sequences;
    assert!(all.iter().any(|s| s.finish == Finish::Eos) && all.len() == 6);
    let lengths: Vec<usize> = all.iter().map(|s| s.ids.len()).collect();
    assert!(lengths.iter().any(|n| n != &lengths[0]), "{lengths:?}");
    // A sequence depends on its number, not on how many there are.
    for wanted in 1..6 {
        let options = Options {
            num_return_sequences: wanted,
            ..options.clone()
        };
        assert_eq!(run(&toy, &[1], &options).sequences, all[..wanted]);
    }
}

#[test]
fn enough_beams_find_the_best_of_all_sequences() {
    for (seed, penalty) in [(1, 1.0), (2, 0.0), (3, 2.0), (4, -1.0), (5, 0.5)] {
        let toy = Toy::new(4, seed);
        let (prompt, end, length) = (vec![2, 1], 3, 4);
        let mut best: Vec<(f32, Vec<u32>)> = Vec::new();
        let mut open = vec![(0.0f32, Vec::new())];
        while let Some((score, ids)) = open.pop() {
            let mut logs = toy.logits(&[prompt.as_slice(), &ids].concat());
            log_softmax(&mut logs);
            for token in 0..4u32 {
                let score = score + logs[token as usize];
                let ids = [ids.as_slice(), &[token]].concat();
                if token == end || ids.len() == length {
                    best.push((score / (ids.len() as f32).powf(penalty as f32), ids));
                } else {
                    open.push((score, ids));
                }
            }
        }
        best.sort_by(|a, b| b.0.total_cmp(&a.0));
        let options = Options {
            num_beams: 250,
            num_return_sequences: 5,
            length_penalty: penalty,
            early_stopping: EarlyStopping::Never,
            eos_token_id: vec![end],
            ..greedy(length)
        };
        let found = run(&toy, &prompt, &options).sequences;
        for (found, (score, ids)) in found.iter().zip(&best) {
            assert_eq!(&found.ids, ids, "penalty {penalty}");
            assert!((found.score.expect("a score") - score).abs() < 1e-5);
        }
    }
}

#[test]
fn beams_score_at_least_what_the_greedy_text_does() {
    for seed in 0..20 {
        let toy = Toy::new(20, seed);
        let ids = run(&toy, &[1], &greedy(8)).sequences.swap_remove(0).ids;
        let mut score = 0.0;
        let mut history = vec![1];
        for id in ids {
            let mut logs = toy.logits(&history);
            log_softmax(&mut logs);
            score += logs[id as usize];
            history.push(id);
        }
        let options = Options {
            num_beams: 8,
            ..greedy(8)
        };
        let best = run(&toy, &[1], &options).sequences[0]
            .score
            .expect("a score");
        assert!(best >= score / 8.0 - 1e-5, "{seed}: {best} {score}");
    }
}

#[test]
fn a_full_context_ends_the_text_and_a_long_prompt_is_refused() {
    let mut toy = Toy::new(20, 1);
    toy.capacity = 8;
    for num_beams in [1, 3] {
        let options = Options {
            num_beams,
            ..greedy(20)
        };
        let found = run(&toy, &[1, 2, 3], &options).sequences.swap_remove(0);
        assert_eq!((found.ids.len(), found.finish), (5, Finish::ContextFull));
        let error = run_with(&toy, &[1; 10], &options, None, &mut |_| {
            ControlFlow::Continue(())
        })
        .expect_err("too long");
        assert!(
            error
                .to_string()
                .contains("has 10 tokens; the model takes 8"),
            "{error}"
        );
        assert!(
            error
                .hint_text()
                .is_some_and(|hint| hint.contains("by 3 tokens"))
        );
    }
}

#[test]
fn an_empty_prompt_is_the_start_token_or_an_error() {
    let toy = Toy::new(20, 1);
    let with = Options {
        bos_token_id: Some(7),
        ..greedy(5)
    };
    assert_eq!(
        run(&toy, &[], &with).sequences,
        run(&toy, &[7], &greedy(5)).sequences
    );
    let error = run_with(&toy, &[], &greedy(5), None, &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(
        error
            .expect_err("empty")
            .to_string()
            .contains("the prompt is empty")
    );
}

#[test]
fn options_and_prompts_of_another_model_are_refused() {
    let toy = Toy::new(20, 1);
    let fails = |prompt: &[u32], options: &Options| {
        run_with(&toy, prompt, options, None, &mut |_| {
            ControlFlow::Continue(())
        })
        .expect_err("bad")
    };
    assert!(
        fails(&[25], &greedy(5))
            .to_string()
            .contains("the prompt: there is no token 25")
    );
    let options = Options {
        eos_token_id: vec![20],
        ..greedy(5)
    };
    assert!(
        fails(&[1], &options)
            .to_string()
            .contains("eos_token_id: there is no token 20")
    );
    assert_eq!(fails(&[1], &greedy(0)).kind(), Kind::Usage);
    let options = Options {
        stop_strings: vec!["x".into()],
        ..greedy(5)
    };
    assert!(fails(&[1], &options).to_string().contains("no tokenizer"));
}

#[test]
fn logits_that_are_no_numbers_are_an_error() {
    let mut toy = Toy::new(20, 1);
    toy.scale = f32::NAN;
    for num_beams in [1, 3] {
        for do_sample in [false, true] {
            let options = Options {
                do_sample,
                num_beams,
                ..greedy(5)
            };
            let error = run_with(&toy, &[1], &options, None, &mut |_| {
                ControlFlow::Continue(())
            });
            assert!(
                error
                    .expect_err("no numbers")
                    .to_string()
                    .contains("leave no token")
            );
        }
    }
}

#[test]
fn a_cancelled_text_keeps_what_there_is() {
    let toy = Toy::new(20, 1);
    for num_beams in [1, 3] {
        let options = Options {
            num_beams,
            ..greedy(50)
        };
        let stop_at = |step: &Step<'_>| {
            if step.tokens >= 4 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let found = run_with(&toy, &[1], &options, None, &mut { stop_at }).expect("generated");
        let found = &found.sequences[0];
        assert_eq!((found.ids.len(), found.finish), (4, Finish::Cancelled));

        let cancel = Cancel::new();
        cancel.cancel();
        let request = Request {
            prompt: &[1],
            options: &options,
            tokenizer: None,
            cancel: &cancel,
        };
        let found = generate(&mut toy.clone(), &request, &mut |_| {
            ControlFlow::Continue(())
        });
        assert_eq!(found.expect("generated").sequences[0].ids.len(), 1);
    }
}

#[test]
fn the_streamed_text_is_that_of_the_ids() {
    let tokenizer = fixtures::byte_pairs();
    let toy = Toy::new(tokenizer.len(), 6);
    for options in [greedy(60), drawn(2, 3)] {
        let mut shown = vec![String::new(); 3];
        let mut counts = [0; 3];
        let found = run_with(&toy, &[1, 2], &options, Some(&tokenizer), &mut |step| {
            shown[step.sequence].push_str(step.text);
            counts[step.sequence] += usize::from(step.token.is_some());
            ControlFlow::Continue(())
        })
        .expect("generated");
        for (i, sequence) in found.sequences.iter().enumerate() {
            assert_eq!(shown[i], sequence.text);
            assert_eq!(counts[i], sequence.ids.len());
            assert_eq!(
                sequence.text,
                tokenizer.decode(&sequence.ids, true).expect("decoded")
            );
        }
    }
}

#[test]
fn a_text_ends_with_the_token_that_completes_a_stop_string() {
    let tokenizer = fixtures::byte_pairs();
    for seed in 0..10 {
        let mut toy = Toy::new(128, seed);
        toy.scale = 3.0;
        for num_beams in [1, 3] {
            let mut options = Options {
                num_beams,
                ..greedy(40)
            };
            let free = run_with(&toy, &[40], &options, Some(&tokenizer), &mut |_| {
                ControlFlow::Continue(())
            });
            let free = free.expect("generated").sequences.swap_remove(0).text;
            let chars: Vec<char> = free.chars().collect();
            let stop: String = chars[10..13].iter().collect();
            options.stop_strings = vec![stop.clone()];
            let mut shown = String::new();
            let found = run_with(&toy, &[40], &options, Some(&tokenizer), &mut |step| {
                shown.push_str(step.text);
                ControlFlow::Continue(())
            });
            let found = found.expect("generated").sequences.swap_remove(0);
            assert_eq!(shown, found.text);
            let text = |ids: &[u32]| tokenizer.decode(ids, true).expect("decoded");
            assert_eq!(shown, text(&found.ids));
            if num_beams == 1 {
                assert_eq!(found.finish, Finish::StopString);
                assert!(shown.contains(&stop) && free.starts_with(&shown));
                let before = &found.ids[..found.ids.len() - 1];
                assert!(!text(before).contains(&stop), "it ends no later");
            }
        }
    }
}
