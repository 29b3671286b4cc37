//! Stand-ins: an advisor that knows one question, its words, and a driver of the desk.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use modeldesk::advisor::answer::{
    Action, Availability, Cell, Citation, Claim, Column, Comparison, Criterion, Part, Ranked,
    Reason, Row, RunsHere, Source, Table,
};
use modeldesk::advisor::catalogue::{Catalogue, OnDisk};
use modeldesk::advisor::present::{Line, Role, Span, Target};
use modeldesk::advisor::question::Field;
use modeldesk::advisor::{Answer, Machine, Reading, Related, Relation};
use modeldesk::card::{Card, Origin, Problem, Severity};
use modeldesk::error::Notice;
use modeldesk::error::{Error, Result};
use modeldesk::index::Summary;
use modeldesk::jobs::{Engine, OpenCard, Opened, Request};
use modeldesk::tui::{App, Effect, Event, Leave, Look, Outcome, Theme, Wording, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use unicode_width::UnicodeWidthStr;

const LED: &str = "nsi319/legal-led-base-16384";
const FLAN: &str = "google/flan-t5-base";

fn claim(text: &str) -> Claim {
    Claim {
        text: text.to_owned(),
        source: Source::Computed,
    }
}

fn model(id: &str, availability: Availability, reason: &str) -> Ranked {
    Ranked {
        id: id.to_owned(),
        name: id.rsplit('/').next().unwrap().to_owned(),
        score: 0.5,
        runs_here: RunsHere::No,
        availability,
        reason: reason.to_owned(),
        why: vec![Criterion {
            name: "domain".to_owned(),
            value: 1.0,
            weight: 0.3,
            note: "legal".to_owned(),
        }],
    }
}

fn table(models: &[Ranked]) -> Table {
    let column = |title: &str, right| Column {
        title: title.to_owned(),
        right,
        drop: 0,
    };
    let cell = |text: &str| Cell {
        text: text.to_owned(),
        citation: None,
    };
    Table {
        columns: vec![column("model", false), column("here", false)],
        rows: models
            .iter()
            .take(3)
            .map(|m| vec![cell(&m.name), cell(&m.reason)])
            .collect(),
        of_models: true,
    }
}

/// An answer about summarizing legal documents: five models, three sources, one script.
pub(super) fn legal(question: &str) -> Answer {
    let models = vec![
        model(LED, Availability::No, "no: LED"),
        model(FLAN, Availability::Fetch, "fetch 990 MB"),
        model("nsi319/legal-pegasus", Availability::No, "no: Pegasus"),
        model("facebook/bart-large-cnn", Availability::No, "no: BART"),
        model("google-t5/t5-small", Availability::Ready, "ready"),
    ];
    let cite = |card: &str, line| Citation {
        card: card.to_owned(),
        line,
    };
    Answer {
        reading: Reading {
            question: question.to_owned(),
            ..Reading::default()
        },
        parts: vec![
            Part::Paragraph {
                claims: vec![claim(
                    "For the work itself: legal-led-base-16384, which reads a long contract in \
                     one pass [1] but does not run at this desk. Here: flan-t5-base, once its \
                     990 MB are fetched. [2]",
                )],
            },
            Part::Table(table(&models)),
            Part::Notes {
                claims: vec![claim("A: the authors' own figure on their own split.")],
            },
        ],
        citations: vec![cite(LED, 31), cite(FLAN, 44), cite(FLAN, 3)],
        models,
        plan: None,
        comparison: None,
        actions: vec![Action {
            kind: "script".to_owned(),
            label: "run legal-led-base-16384 with transformers".to_owned(),
            text: "from transformers import pipeline\n".to_owned(),
        }],
        swap: None,
    }
}

/// A desk without colour, on the keys that ship.
fn plain() -> Look {
    Look {
        theme: Theme::new(false),
        ..Look::default()
    }
}

/// The models with these ids side by side: eight fields, one of which may not be compared.
pub(super) fn side_by_side(ids: &[String]) -> Answer {
    let cell = |id: &str, line, text: &str| Cell {
        text: text.to_owned(),
        citation: (line > 0).then(|| Citation {
            card: id.to_owned(),
            line,
        }),
    };
    let fields = [
        ("parameters", 8, "162,000,000"),
        ("weights", 9, "648 MB f32"),
        ("memory to run", 0, "810 MB est"),
        (
            "speed, card",
            12,
            "\"60% faster than BERT\": 1.6 times; one processor, batch 1",
        ),
        ("speed, here", 0, "not measured here"),
        ("licence", 2, "apache-2.0"),
        (
            "tasks",
            14,
            "summarization; after fine-tuning text classification and translation",
        ),
        ("F1, SQuAD 1.1", 31, "not comparable (1)"),
    ];
    let source = |id: &str| Source::Card {
        card: id.to_owned(),
        line: 31,
    };
    let sentence = |id: &String| Claim {
        text: format!("{id}: F1 88.5 on SQuAD 1.1 (split unclear)."),
        source: source(id),
    };
    let mut claims: Vec<Claim> = ids.iter().map(sentence).collect();
    claims.push(claim("These are not comparable: the split is unclear."));
    let rows = fields.map(|(field, line, text)| Row {
        field: field.to_owned(),
        cells: ids.iter().map(|id| cell(id, line, text)).collect(),
        not_comparable: text
            .ends_with("(1)")
            .then(|| claims[ids.len()].text.clone()),
        reason: text.ends_with("(1)").then_some(1),
    });
    Answer {
        parts: Vec::new(),
        citations: Vec::new(),
        models: Vec::new(),
        actions: Vec::new(),
        comparison: Some(Comparison {
            models: ids.to_vec(),
            names: ids
                .iter()
                .map(|id| id.rsplit('/').next().unwrap().to_owned())
                .collect(),
            rows: rows.to_vec(),
            reasons: vec![Reason { claims }],
        }),
        ..legal("")
    }
}

/// A card of 62 lines: some facts, and one of each kind of Markdown.
pub(super) fn card(id: &str) -> Card {
    Card::parse(id, Origin::BuiltIn, include_str!("card.md"))
}

/// That card as the advisor's thread hands it over: three others beside it.
pub(super) fn open_card(id: &str) -> OpenCard {
    let related = |id: &str, relation, parameters| Related {
        id: id.to_owned(),
        origin: Origin::BuiltIn,
        relation,
        parameters,
        license: Some("apache-2.0".to_owned()),
    };
    OpenCard {
        problems: vec![Problem {
            severity: Severity::Warning,
            line: 20,
            field: "model-index[0].results[0]".to_owned(),
            what: "the figure has no source".to_owned(),
            hint: Some("add source.name".to_owned()),
        }],
        related: vec![
            related("allenai/led-base-16384", Relation::Base, Some(161_844_480)),
            related("google-t5/t5-small", Relation::Task, Some(60_506_624)),
            related("guide/rouge", Relation::Guide, None),
        ],
        card: Arc::new(card(id)),
    }
}

/// Thirty models of each origin; two are on the disk.
pub(super) fn catalogue() -> Catalogue {
    let tasks = ["summarization", "fill-mask", "text-generation"];
    let model = |n: u64| {
        let task = tasks[(n % 3) as usize];
        let license = if n.is_multiple_of(2) {
            "mit"
        } else {
            "apache-2.0"
        };
        Summary {
            id: format!("org-{}/model-{n:02}", n % 5),
            origin: [Origin::BuiltIn, Origin::User, Origin::Imported][(n % 3) as usize],
            guide: false,
            name: format!("Model {n:02}"),
            task: Some(task.to_owned()),
            license: Some(license.to_owned()),
            architecture: Some(if n.is_multiple_of(4) { "led" } else { "t5" }.to_owned()),
            parameters: Some((n + 1) * 10_000_000),
            bytes: Some((n + 1) * 40_000_000),
            context: Some(512),
            facets: vec![format!("task:{task}"), format!("license:{license}")],
        }
    };
    let disk = |id: &str, whole| {
        let disk = OnDisk {
            bytes: 120_000_000,
            whole,
            last_used: Some(SystemTime::UNIX_EPOCH),
        };
        (id.to_owned(), disk)
    };
    let on_disk = [disk("org-1/model-01", true), disk("org-2/model-02", false)];
    let machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
    Catalogue::new((0..30).map(model), &on_disk, &machine)
}

/// Answers everything with [`legal`]; panics or fails where a question asks for it.
pub(super) struct Double;

impl Engine for Double {
    fn ask(&self, question: &str, _before: Option<&Reading>) -> Result<Answer> {
        assert!(
            !question.contains("worker panic"),
            "the double was told to panic"
        );
        if question.contains("error") {
            return Err(Error::new("cannot search the index").hint("run `modeldesk doctor`"));
        }
        Ok(legal(question))
    }

    fn answer(&self, reading: Reading) -> Result<Answer> {
        let mut answer = legal(&reading.question);
        answer.reading = reading;
        Ok(answer)
    }

    fn compare(&self, models: &[String]) -> Result<Answer> {
        Ok(side_by_side(models))
    }

    fn try_out(&self, id: &str) -> Result<Answer> {
        if id == "nsi319/legal-pegasus" {
            return Err(Error::new("no card has that id").hint("look at `modeldesk cards list`"));
        }
        Ok(legal(&format!("Try {id}")))
    }

    fn card(&self, id: &str) -> Result<Option<OpenCard>> {
        Ok((id != "nsi319/legal-pegasus").then(|| open_card(id)))
    }

    fn catalogue(&self) -> Result<Catalogue> {
        Ok(catalogue())
    }

    fn is_current(&self, _catalogue: &Catalogue) -> Result<bool> {
        Ok(true)
    }
}

/// Plain words for an answer; the task of a reading is kept in `unused`.
pub(super) struct Plainly;

fn wrap(text: &str, width: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().unwrap();
        if last.is_empty() {
            word.clone_into(last);
        } else if last.width() + 1 + word.width() <= usize::from(width) {
            write!(last, " {word}").unwrap();
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn line(text: &str, role: Role, target: Option<Target>) -> Line {
    let text = format!("  {}", modeldesk::text::line(text));
    let cells = 0..text.width() as u16;
    let targets = target
        .into_iter()
        .map(|target| (target, cells.clone()))
        .collect();
    Line {
        spans: vec![Span { text, role }],
        targets,
    }
}

impl Wording for Plainly {
    fn answer(&self, answer: &Answer, width: u16) -> Vec<Line> {
        let mut lines = Vec::new();
        for part in &answer.parts {
            match part {
                Part::Paragraph { claims } | Part::Notes { claims } => {
                    for claim in claims {
                        let rows = wrap(&claim.text, width - 2);
                        lines.extend(rows.iter().map(|row| line(row, Role::Plain, None)));
                    }
                    lines.push(Line::default());
                }
                Part::Table(table) => {
                    lines.push(line("  model                    here", Role::Strong, None));
                    for (n, row) in table.rows.iter().enumerate() {
                        let text = format!("{} {:<24} {}", n + 1, row[0].text, row[1].text);
                        lines.push(line(&text, Role::Plain, Some(Target::Model(n))));
                    }
                    lines.push(Line::default());
                }
                _ => {}
            }
        }
        let mut sources = line("", Role::Plain, None);
        let mut x = 2;
        for (n, citation) in answer.citations.iter().enumerate() {
            let id = modeldesk::text::ident(&citation.card);
            let text = format!("[{}] {id}:{}  ", n + 1, citation.line);
            let wide = text.width() as u16;
            sources.targets.push((Target::Citation(n), x..x + wide - 2));
            sources.spans.push(Span {
                text,
                role: Role::Cite,
            });
            x += wide;
        }
        lines.push(sources);
        lines
    }

    fn why(&self, answer: &Answer, _width: u16) -> Vec<Line> {
        let mut lines = vec![line("Why in this order", Role::Strong, None)];
        for model in &answer.models {
            let text = format!("{}  domain 1.00 x 0.30", model.name);
            lines.push(line(&text, Role::Plain, None));
        }
        lines
    }

    fn read_as(&self, answer: &Answer) -> String {
        let fields: Vec<String> = self
            .fields(&answer.reading)
            .into_iter()
            .map(|field| field.value)
            .collect();
        fields.join(", ")
    }

    fn fields(&self, reading: &Reading) -> Vec<Field> {
        let field = |name: &str, value: &str| Field {
            name: name.to_owned(),
            value: value.to_owned(),
            carried: false,
        };
        let task = match reading.unused.first().map(String::as_str) {
            None => Some("summarization"),
            Some("") => None,
            Some(task) => Some(task),
        };
        let task = task.map(|task| field("task", task));
        [field("intent", "recommend")]
            .into_iter()
            .chain(task)
            .collect()
    }

    fn with_field(&self, reading: &Reading, name: &str, value: &str) -> Result<Reading> {
        if value == "cooking" {
            return Err(Error::usage("`cooking` is no task")
                .at(name)
                .hint("try summarization"));
        }
        Ok(Reading {
            unused: vec![value.to_owned()],
            ..reading.clone()
        })
    }

    fn editable(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("task", "summarization, translation, ..."),
            ("domain", "legal, finance, ..."),
        ]
    }
}

/// What a library of 54 cards looks like to the desk.
pub(super) fn opened() -> Opened {
    Opened {
        counts: vec![(Origin::BuiltIn, 54)],
        names: ["gpt2", "DistilBERT", "google/flan-t5-base"]
            .map(str::to_owned)
            .to_vec(),
        cores: 2,
        free_memory: 21_400_000_000,
        notices: Vec::new(),
    }
}

/// A desk without a terminal: keys in, screens out. Requests are answered at once by [`Double`],
/// unless they are held.
pub(super) struct Driver {
    pub(super) app: App,
    size: (u16, u16),
    /// Requests are left unanswered.
    pub(super) hold: bool,
    /// Requests that were held.
    pub(super) held: Vec<Request>,
    /// What was copied, of what kind.
    pub(super) copied: Vec<(String, String)>,
    /// How the desk asked to leave.
    pub(super) left: Option<Leave>,
    /// What was to be kept for the next time.
    pub(super) kept: Vec<String>,
    /// Whether the mouse was listened to, each time that changed.
    pub(super) mouse: Vec<bool>,
    /// Whether there is a clipboard.
    pub(super) clipboard: Outcome,
}

impl Driver {
    /// A desk that has just been started.
    pub(super) fn starting(columns: u16, rows: u16) -> Self {
        Self {
            app: App::new((columns, rows), plain(), Arc::new(Plainly)),
            size: (columns, rows),
            hold: false,
            held: Vec::new(),
            copied: Vec::new(),
            left: None,
            kept: Vec::new(),
            mouse: Vec::new(),
            clipboard: Outcome::Desktop,
        }
    }

    /// A desk whose library is open.
    pub(super) fn open(columns: u16, rows: u16) -> Self {
        let mut driver = Self::starting(columns, rows);
        driver.feed(Event::Opened(Ok(opened())));
        driver
    }

    /// A desk that has answered the first example.
    pub(super) fn answered(columns: u16, rows: u16) -> Self {
        let mut driver = Self::open(columns, rows);
        driver.ask("Which model is best for summarizing legal documents?");
        driver
    }

    /// Feeds an event, and then all that comes of it.
    pub(super) fn feed(&mut self, event: Event) {
        let mut waiting = vec![event];
        while let Some(event) = waiting.pop() {
            for effect in self.app.update(event) {
                match effect {
                    Effect::Request(request) if self.hold => self.held.push(request),
                    Effect::Request(request) => waiting.push(reply(request)),
                    Effect::Copy { what, text } => {
                        self.copied.push((what.clone(), text.clone()));
                        let outcome = self.clipboard;
                        waiting.push(Event::Copied {
                            what,
                            text,
                            outcome,
                        });
                    }
                    Effect::Keep(_, text) => self.kept.push(text),
                    Effect::Quit(leave) => self.left = Some(leave),
                    Effect::Mouse(on) => self.mouse.push(on),
                    Effect::Edit(text) => {
                        waiting.push(Event::Edited(Ok(format!("{text} (edited)"))));
                    }
                    Effect::Remind | Effect::Redraw | Effect::Suspend | Effect::Retake => {}
                }
            }
        }
    }

    /// Answers what was held, oldest first.
    pub(super) fn release(&mut self) {
        for request in std::mem::take(&mut self.held) {
            self.feed(reply(request));
        }
    }

    /// Presses keys, by name: `Tab Enter j Ctrl+C`.
    pub(super) fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.feed(Event::Key(key_of(key)));
        }
    }

    /// Types a text, key by key.
    pub(super) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.feed(Event::Key(KeyEvent::new(
                KeyCode::Char(c),
                KeyModifiers::NONE,
            )));
        }
    }

    /// Types a question and sends it.
    pub(super) fn ask(&mut self, question: &str) {
        self.type_text(question);
        self.press("Enter");
    }

    /// Gives the terminal another size.
    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        self.feed(Event::Resize(columns, rows));
    }

    /// The frame, with what is reversed in `{}`.
    pub(super) fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| view(&self.app, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let (mut row, mut skip, mut reversed) = (String::new(), 0, false);
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let now = cell.modifier.contains(ratatui::style::Modifier::REVERSED);
                if now != reversed {
                    row.push(if now { '{' } else { '}' });
                    reversed = now;
                }
                row.push_str(cell.symbol());
                skip = cell.symbol().width().saturating_sub(1);
            }
            if reversed {
                row.push('}');
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}

/// The report that a request gets.
pub(super) fn reply(request: Request) -> Event {
    match request {
        Request::Ask {
            ticket,
            question,
            before,
        } => Event::Answered {
            ticket,
            answer: Double.ask(&question, before.as_deref()).map(Box::new),
        },
        Request::Redo { ticket, reading } => Event::Answered {
            ticket,
            answer: Double.answer(*reading).map(Box::new),
        },
        Request::Compare { ticket, models } => Event::Compared {
            ticket,
            answer: Double.compare(&models).map(Box::new),
        },
        Request::Try { ticket, id } => Event::Tried {
            ticket,
            answer: Double.try_out(&id).map(Box::new),
        },
        Request::Card { ticket, id } => Event::CardRead {
            ticket,
            card: Double.card(&id),
        },
        Request::Find { ticket, wanted } => Event::Found {
            ticket,
            // Three days after the models on the disk were used.
            at: SystemTime::UNIX_EPOCH + Duration::from_hours(72),
            found: Double.catalogue().map(|catalogue| {
                let found = catalogue.find(&wanted);
                (Arc::new(catalogue), found)
            }),
        },
    }
}

/// The key of a name.
pub(super) fn key_of(name: &str) -> KeyEvent {
    let (mut modifiers, mut rest) = (KeyModifiers::NONE, name);
    for (prefix, modifier) in [
        ("Ctrl+", KeyModifiers::CONTROL),
        ("Alt+", KeyModifiers::ALT),
        ("Shift+", KeyModifiers::SHIFT),
    ] {
        if let Some(after) = rest.strip_prefix(prefix) {
            modifiers |= modifier;
            rest = after;
        }
    }
    let code = match rest {
        "Enter" => KeyCode::Enter,
        "Tab" if modifiers == KeyModifiers::SHIFT => KeyCode::BackTab,
        "Tab" => KeyCode::Tab,
        "Esc" => KeyCode::Esc,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Backspace" => KeyCode::Backspace,
        "Delete" => KeyCode::Delete,
        "Space" => KeyCode::Char(' '),
        "F1" => KeyCode::F(1),
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

/// A notice that a library may have.
pub(super) fn notice(text: &str) -> Notice {
    Notice(text.to_owned())
}
