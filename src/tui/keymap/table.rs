//! The keys that ship.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyModifiers};

use super::context::Contexts;
use super::{Binding, Command, Context as C, Key};

/// Contexts, keys, command, how the keys are written, the footer's word, the help's sentence.
type Row = (
    Contexts,
    &'static [Key],
    Command,
    &'static str,
    &'static str,
    &'static str,
);

/// Commands that have no key: the palette alone has them.
pub static KEYLESS: &[(Command, &str)] = &[
    (Command::Examples, "the example questions again"),
    (
        Command::System,
        "chat: what the system says before everything",
    ),
    (
        Command::Sent,
        "chat: the exact text that was sent; /template NAME uses another template",
    ),
    (Command::Scope, "imported cards answer too, or no longer"),
    (Command::Mouse, "wheel and click, or selecting text again"),
];

/// The table as bindings.
pub(super) fn bindings() -> Vec<Binding> {
    let binding = |&(contexts, keys, command, shown, short, help): &Row| Binding {
        contexts,
        keys: Cow::Borrowed(keys),
        command,
        shown: Cow::Borrowed(shown),
        short,
        help,
    };
    ROWS.iter().map(binding).collect()
}

const fn of(contexts: &[C]) -> Contexts {
    Contexts::of(contexts)
}

const INPUT: Contexts = of(&[C::Input]);
const ANSWER: Contexts = of(&[C::Answer]);
const CARD: Contexts = of(&[C::Card]);
const PROMPT: Contexts = of(&[C::Prompt]);
const OUTCOME: Contexts = of(&[C::Outcome]);
const MESSAGE: Contexts = of(&[C::Message]);
const DIALOGUE: Contexts = of(&[C::Dialogue]);
/// The parts of the Try pane that are not typed into.
const TRYING: Contexts = of(&[C::Samples, C::Outcome, C::Setup]);
/// Where fine-tunes are shown.
const RUNS: Contexts = of(&[C::Runs, C::Board]);
const PLAN: Contexts = of(&[C::Plan]);
/// Where models are listed.
const LISTS: Contexts = of(&[C::Answer, C::Models]);
/// Where a model can be fetched, and where one that is being fetched is shown.
const FETCHING: Contexts = TRYING.and(LISTS).and(DIALOGUE);
const FETCHED: Contexts = TRYING.and(of(&[C::Models])).and(DIALOGUE);
/// The inputs of the panes.
const INPUTS: Contexts = of(&[C::Input, C::Filter, C::Prompt, C::Message]);
/// The inputs that take several lines.
const LINES: Contexts = INPUT.and(PROMPT).and(MESSAGE);
/// Filters over a list of lines to take.
const PICK: Contexts = of(&[C::Palette, C::Search, C::Choices]);
/// Short texts that are typed over something else.
const FIELD: Contexts = of(&[C::Value, C::Setting, C::Find]).and(PICK);
const TYPING: Contexts = INPUTS.and(FIELD);
/// Parts of a pane that are read, not typed into.
const OUTSIDE: Contexts = LISTS.and(CARD).and(TRYING).and(RUNS).and(PLAN).and(of(&[
    C::Examples,
    C::Why,
    C::Fields,
    C::Compare,
    C::Script,
    C::Facets,
    C::Dialogue,
]));
const READ: Contexts = OUTSIDE.and(of(&[C::Help, C::Text]));
const PARTS: Contexts = OUTSIDE.and(INPUTS);
const SCROLLED: Contexts = READ.and(INPUTS);
/// Parts without words to find, where `/` is the palette as in an input.
const NO_FIND: Contexts = OUTSIDE.without(LISTS.and(CARD));
const EVERYWHERE: Contexts = READ.and(TYPING);

const UP: Key = Key::plain(KeyCode::Up);
const DOWN: Key = Key::plain(KeyCode::Down);
const LEFT: Key = Key::plain(KeyCode::Left);
const RIGHT: Key = Key::plain(KeyCode::Right);
const ENTER: Key = Key::plain(KeyCode::Enter);
const TAB: Key = Key::plain(KeyCode::Tab);
const BACK_TAB: Key = Key::plain(KeyCode::BackTab);
const PAGE_UP: Key = Key::plain(KeyCode::PageUp);
const PAGE_DOWN: Key = Key::plain(KeyCode::PageDown);
const HOME: Key = Key::plain(KeyCode::Home);
const END: Key = Key::plain(KeyCode::End);
const SHIFT_ENTER: Key = Key::with(KeyCode::Enter, KeyModifiers::SHIFT);
const ALT_ENTER: Key = Key::with(KeyCode::Enter, KeyModifiers::ALT);
const CTRL_LEFT: Key = Key::with(KeyCode::Left, KeyModifiers::CONTROL);
const CTRL_RIGHT: Key = Key::with(KeyCode::Right, KeyModifiers::CONTROL);
const BACKSPACE: Key = Key::plain(KeyCode::Backspace);

#[rustfmt::skip]
static ROWS: &[Row] = &[
    (INPUT, &[ENTER], Command::Send, "Enter", "ask", "ask the question"),
    (PROMPT, &[ENTER], Command::Send, "Enter", "run", "run the model on the text"),
    (PROMPT.and(TRYING), &[Key::plain(KeyCode::Esc)], Command::Stop, "Esc", "stop", "stop the model; what it wrote stays"),
    (MESSAGE, &[ENTER], Command::Send, "Enter", "send", "send the message"),
    (MESSAGE.and(DIALOGUE), &[Key::plain(KeyCode::Esc)], Command::Stop, "Esc", "stop", "stop the answer; what there is of it stays"),
    (of(&[C::Value]), &[ENTER], Command::Send, "Enter", "answer again", "set the value and answer again"),
    (of(&[C::Setting]), &[ENTER], Command::Send, "Enter", "set", "set the value; an empty one sets it back"),
    (of(&[C::Samples]), &[ENTER], Command::Open, "Enter", "take", "take the marked text into the input"),
    (of(&[C::Setup]), &[ENTER], Command::Open, "Enter", "change", "change the marked setting"),
    (PICK, &[ENTER], Command::Open, "Enter", "take", "take the marked line"),
    (of(&[C::Help]), &[ENTER], Command::Open, "Enter", "do it", "do what the marked line says"),
    (of(&[C::Examples]), &[ENTER], Command::Open, "Enter", "ask", "ask the marked question"),
    (ANSWER, &[ENTER], Command::Open, "Enter", "card", "open the card of what is marked, at the cited line"),
    (of(&[C::Models]), &[ENTER], Command::Open, "Enter", "card", "open the card of the marked model"),
    (of(&[C::Facets]), &[ENTER, Key::char(' ')], Command::Open, "Enter", "set", "keep only models of this kind, or all again"),
    (of(&[C::Card]), &[ENTER], Command::Open, "Enter", "go", "go to the line of a fact, or to a related card"),
    (of(&[C::Compare]), &[ENTER], Command::Open, "Enter", "card", "open the card where the marked cell stands"),
    (of(&[C::Find]), &[ENTER], Command::Send, "Enter", "find", "find the words; n and N go on"),
    (of(&[C::Fields]), &[ENTER], Command::Open, "Enter", "change", "change the marked field; an empty value drops it"),
    (of(&[C::Filter]), &[ENTER], Command::Send, "Enter", "to the list", "keep the filter and go to the list"),
    (INPUT, &[TAB], Command::NextPart, "Tab", "answer", "next part: input, answer, card"),
    (of(&[C::Filter]), &[TAB], Command::NextPart, "Tab", "list", "next part: filter, list, card"),
    (PROMPT, &[TAB], Command::NextPart, "Tab", "result", "next part: text, result, settings"),
    (MESSAGE, &[TAB], Command::NextPart, "Tab", "conversation", "next part: message, conversation"),
    (INPUT, &[Key::ctrl('r')], Command::Recall, "Ctrl+R", "earlier questions", "search earlier questions"),
    (of(&[C::Filter]), &[Key::ctrl('r')], Command::Recall, "Ctrl+R", "earlier filters", "search earlier filters"),
    (PROMPT, &[Key::ctrl('r')], Command::Recall, "Ctrl+R", "earlier texts", "search earlier texts"),
    (MESSAGE, &[Key::ctrl('r')], Command::Recall, "Ctrl+R", "earlier messages", "search earlier messages"),
    (INPUTS, &[Key::char('/')], Command::Slash, "/", "commands", "commands, in an empty input; // begins with a slash"),
    (LINES, &[Key::ctrl('j'), SHIFT_ENTER, ALT_ENTER], Command::Newline, "Ctrl+J", "", "new line; also Shift+Enter, Alt+Enter"),
    (LINES, &[Key::ctrl('g')], Command::Editor, "Ctrl+G", "", "write in $VISUAL or $EDITOR"),
    (SCROLLED, &[UP], Command::Up, "Up Down", "", ""),
    (SCROLLED, &[DOWN], Command::Down, "Up Down", "", ""),
    (PICK, &[UP], Command::Up, "Up Down", "move", "move"),
    (PICK, &[DOWN], Command::Down, "Up Down", "", ""),
    (READ, &[Key::char('k')], Command::Up, "j k", "move", "move; also arrows"),
    (READ, &[Key::char('j')], Command::Down, "j k", "", ""),
    (ANSWER, &[Key::char('n')], Command::FindNext, "n N", "next", "next, previous place of the words; Esc ends it"),
    (ANSWER, &[Key::char('N')], Command::FindPrevious, "n N", "", ""),
    (of(&[C::Models]), &[Key::char('/')], Command::Find, "/", "filter", "filter the list as you type"),
    (of(&[C::Models]), &[Key::char('v')], Command::Compare, "v", "compare", "compare the marked models"),
    (OUTCOME, &[Key::char('r')], Command::Again, "r", "again", "run on the same text again, with another seed"),
    (OUTCOME, &[Key::char('e')], Command::Edit, "e", "edit", "put the text back into the input"),
    (OUTCOME, &[Key::char('y')], Command::Copy, "y", "copy", "copy what came of it"),
    (DIALOGUE, &[Key::char('r')], Command::Again, "r", "again", "answer again, with another seed; earlier answers stay"),
    (DIALOGUE, &[Key::char('[')], Command::PreviousVariant, "[ ]", "answers", "previous, next answer to the last message"),
    (DIALOGUE, &[Key::char(']')], Command::NextVariant, "[ ]", "", ""),
    (DIALOGUE, &[Key::char('y')], Command::Copy, "y", "copy", "copy the last answer"),
    (DIALOGUE, &[Key::char('m')], Command::ChooseModel, "m", "model", "choose the model; another conversation begins"),
    (DIALOGUE, &[Key::char('n')], Command::New, "n", "new", "begin another conversation with this model"),
    (FETCHING, &[Key::char('p')], Command::Fetch, "p", "fetch", "fetch this model; says first how much, and from where"),
    (FETCHED, &[Key::char('x')], Command::StopFetch, "x", "stop fetching", "stop fetching this model; what has arrived stays"),
    (TRYING, &[Key::char('t')], Command::ChooseTask, "t", "task", "choose what to try"),
    (TRYING, &[Key::char('m')], Command::ChooseModel, "m", "model", "choose the model"),
    (TRYING, &[Key::char('=')], Command::Beside, "=", "beside", "a second model or precision on the same text"),
    (TRYING, &[Key::char('a')], Command::AllOptions, "a", "all options", "all options, or the usual ones"),
    (TRYING, &[Key::char('b')], Command::Measure, "b", "measure", "measure how fast the model is; says first how long that takes"),
    (of(&[C::Runs]), &[ENTER], Command::Open, "Enter", "open", "open the marked run"),
    (PLAN, &[ENTER], Command::Open, "Enter", "change, do", "change the marked line, or do what it says"),
    (RUNS, &[Key::char('n')], Command::New, "n", "new plan", "plan a fine-tune"),
    (PLAN, &[Key::char('0')], Command::SetBack, "0", "default", "set the marked line back to what is found out"),
    (PLAN, &[Key::char('a')], Command::AllOptions, "a", "all options", "all options, or the usual ones"),
    (PLAN, &[Key::char('b')], Command::Measure, "b", "measure", "take some steps of this plan: time and memory"),
    (PLAN, &[Key::char('y')], Command::Copy, "y", "copy command", "copy the command that starts this run"),
    (RUNS, &[Key::char('p')], Command::Pause, "p", "pause", "let this run rest after a checkpoint; no step is lost"),
    (RUNS, &[Key::char('r')], Command::Resume, "r", "go on", "go on with this run where it stands"),
    (RUNS, &[Key::char('x')], Command::EndRun, "x", "end, keep", "end this run now and keep what it has learned; asks first"),
    (RUNS, &[Key::char('y')], Command::Copy, "y", "copy path", "copy the path of the result, or of the run"),
    (RUNS, &[Key::char('d')], Command::DeleteRun, "d", "delete", "delete this run and its result; says first what that frees"),
    (LISTS, &[Key::char('t')], Command::Try, "t", "try", "try the marked model; for one that does not run here, a script and what does"),
    (CARD, &[Key::char('t')], Command::Try, "t", "try", "try this model; for one that does not run here, a script and what does"),
    (of(&[C::Script]), &[ENTER], Command::Open, "Enter", "try what runs here", "try the model that does the same here"),
    (of(&[C::Models]), &[Key::char('b')], Command::Measure, "b", "measure", "measure how fast the marked model is here"),
    (of(&[C::Models]), &[Key::char('d')], Command::DeleteModel, "d", "delete", "delete the marked model from this disk; says first what that frees"),
    (LISTS, &[Key::char('f')], Command::Tune, "f", "fine-tune", "plan a fine-tune of the marked model"),
    (ANSWER, &[Key::char('v')], Command::Compare, "v", "compare", "compare the marked models, or the first two"),
    (LISTS, &[Key::char(' ')], Command::Mark, "Space", "mark", "mark a model for comparing"),
    (of(&[C::Compare]), &[Key::char('v')], Command::Back, "v", "close", "close this view"),
    (of(&[C::Script]), &[Key::char('t')], Command::Back, "t", "close", "close this view"),
    (ANSWER, &[Key::char('w')], Command::Why, "w", "why", "why the models stand in this order"),
    (of(&[C::Why]), &[Key::char('w')], Command::Back, "w", "close", "close this view"),
    (ANSWER, &[Key::char('y')], Command::Copy, "y", "copy", "copy: script of a model, id:line of a source, or the answer"),
    (ANSWER, &[Key::char('e')], Command::Edit, "e", "change", "change how the question was read"),
    (of(&[C::Models]), &[Key::char('s')], Command::Sort, "s", "sort", "sort by the next column"),
    (of(&[C::Models]), &[Key::char('S')], Command::Reverse, "S", "", "turn the order round"),
    (of(&[C::Models]), &[Key::char('y')], Command::Copy, "y", "copy", "copy the id of the marked model"),
    (of(&[C::Compare]), &[Key::char('y')], Command::Copy, "y", "copy", "copy the comparison as Markdown"),
    (of(&[C::Script]), &[Key::char('y')], Command::Copy, "y", "copy", "copy the script"),
    (of(&[C::Fields]), &[Key::char('e')], Command::Back, "e", "close", "close this view"),
    (ANSWER, &[Key::char('m')], Command::More, "m", "more", "more models, or fewer"),
    (ANSWER, &[Key::char('/')], Command::Find, "/", "find", "find words in the answers"),
    (ANSWER, &[Key::char('n')], Command::New, "n", "new", "start afresh: the next question carries nothing over"),
    (CARD, &[Key::char('[')], Command::PreviousVariant, "[ ]", "sources", "previous, next source of the answer"),
    (CARD, &[Key::char(']')], Command::NextVariant, "[ ]", "", ""),
    (CARD, &[LEFT], Command::Left, "Left Right", "tabs", "card, facts, related"),
    (CARD, &[RIGHT], Command::Right, "Left Right", "", ""),
    (of(&[C::Compare]), &[LEFT], Command::Left, "Left Right", "model", "previous, next model"),
    (of(&[C::Compare]), &[RIGHT], Command::Right, "Left Right", "", ""),
    (CARD, &[Key::char('y')], Command::Copy, "y", "copy", "copy id:line"),
    (CARD, &[Key::char('r')], Command::Raw, "r", "raw", "the card as its file has it, or laid out"),
    (CARD, &[Key::char('/')], Command::Find, "/", "find", "find words in the card"),
    (CARD, &[Key::char('n')], Command::FindNext, "n N", "next", "next, previous place of the words"),
    (CARD, &[Key::char('N')], Command::FindPrevious, "n N", "", ""),
    (INPUT, &[RIGHT], Command::Right, "Right", "", "at the end: take the name shown in dim"),
    (PROMPT.and(MESSAGE), &[RIGHT], Command::Right, "Right", "", ""),
    (INPUTS, &[PAGE_UP], Command::PageUp, "PgUp PgDn End", "", "scroll the content and stay here"),
    (INPUTS, &[PAGE_DOWN], Command::PageDown, "PgUp PgDn End", "", ""),
    (INPUTS, &[END], Command::Bottom, "PgUp PgDn End", "", ""),
    (READ, &[PAGE_UP], Command::PageUp, "PgUp PgDn", "", "scroll; Ctrl+U and Ctrl+D by half"),
    (READ, &[PAGE_DOWN], Command::PageDown, "PgUp PgDn", "", ""),
    (READ, &[Key::ctrl('u')], Command::HalfUp, "Ctrl+U", "", ""),
    (READ, &[Key::ctrl('d')], Command::HalfDown, "Ctrl+D", "", ""),
    (READ, &[Key::char('g'), HOME], Command::Top, "g", "", "to the start"),
    (READ, &[Key::char('G'), END], Command::Bottom, "G", "", "to the end"),
    (OUTSIDE, &[TAB], Command::NextPart, "Tab", "next", "next part: input, content, side"),
    (PARTS, &[BACK_TAB], Command::PreviousPart, "Shift+Tab", "", "previous part"),
    (OUTSIDE, &[Key::char('z')], Command::Zoom, "z", "zoom", "one part fills the screen, and back"),
    (OUTSIDE, &[Key::char('i')], Command::ToInput, "i", "", "back into the input"),
    (TYPING, &[Key::ctrl('a')], Command::LineStart, "Ctrl+A E W U K Y", "", "line start, end; delete word, to start, to end; put back"),
    (TYPING, &[HOME], Command::LineStart, "Home", "", ""),
    (TYPING, &[Key::ctrl('e')], Command::LineEnd, "Ctrl+E", "", ""),
    (FIELD, &[END], Command::LineEnd, "End", "", ""),
    (TYPING, &[Key::ctrl('w'), Key::with(KeyCode::Backspace, KeyModifiers::ALT)], Command::DeleteWord, "Ctrl+W", "", ""),
    (TYPING, &[Key::ctrl('u')], Command::DeleteToStart, "Ctrl+U", "", ""),
    (TYPING, &[Key::ctrl('k')], Command::DeleteToEnd, "Ctrl+K", "", ""),
    (TYPING, &[Key::ctrl('y')], Command::Yank, "Ctrl+Y", "", ""),
    (TYPING, &[CTRL_LEFT], Command::WordLeft, "Ctrl+Left", "", ""),
    (TYPING, &[CTRL_RIGHT], Command::WordRight, "Ctrl+Right", "", ""),
    (TYPING, &[LEFT], Command::Left, "Left", "", ""),
    (FIELD, &[RIGHT], Command::Right, "Right", "", ""),
    // Some terminals send Ctrl+H for Backspace.
    (TYPING, &[BACKSPACE, Key::ctrl('h')], Command::Backspace, "Backspace", "", ""),
    (TYPING, &[Key::plain(KeyCode::Delete)], Command::Delete, "Delete", "", ""),
    (of(&[C::Help]), &[Key::char('?'), Key::plain(KeyCode::F(1)), Key::char('q')], Command::Back, "?", "close", "close this view"),
    (EVERYWHERE, &[Key::plain(KeyCode::Esc)], Command::Back, "Esc", "back", "one step back; never quits, nothing is lost"),
    (EVERYWHERE, &[Key::ctrl('c')], Command::Interrupt, "Ctrl+C", "", "stop waiting, else clear the input; twice within 2 s: quit"),
    (OUTSIDE, &[Key::char(':')], Command::Palette, ":", "", "every command, by name; also Ctrl+P"),
    (PARTS, &[Key::ctrl('p')], Command::Palette, "Ctrl+P", "", "every command, by name"),
    (OUTSIDE, &[Key::char('q')], Command::Quit, "q", "", "quit"),
    (NO_FIND, &[Key::char('/')], Command::Palette, "/", "", ""),
    (OUTSIDE, &[Key::char('1')], Command::ToAsk, "1", "", "ask: questions and answers"),
    (OUTSIDE, &[Key::char('2')], Command::ToModels, "2", "", "models: every card, filtered and sorted"),
    (OUTSIDE, &[Key::char('3')], Command::ToTry, "3", "", "try: one model on a text, or two beside each other"),
    (OUTSIDE, &[Key::char('4')], Command::ToTune, "4", "", "tune: runs that fine-tune a model"),
    (OUTSIDE, &[Key::char('5')], Command::ToChat, "5", "", "chat: several turns with one model"),
    (EVERYWHERE, &[Key::ctrl('l')], Command::Redraw, "Ctrl+L", "", "draw the screen anew"),
    (EVERYWHERE, &[Key::ctrl('z')], Command::Suspend, "Ctrl+Z", "", "suspend; `fg` comes back"),
    (INPUTS, &[Key::char('?')], Command::Help, "?", "help", "keys of this pane; F1 while there is text"),
    (OUTSIDE, &[Key::char('?')], Command::Help, "?", "help", "keys of this pane; also F1"),
    (PARTS, &[Key::plain(KeyCode::F(1))], Command::Help, "F1", "help", ""),
];
