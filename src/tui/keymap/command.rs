//! What a key, a palette line or a typed word does.

/// Declares the commands: variant, name in `config.yaml`, and the words that people type for it.
macro_rules! commands {
    ($($(#[$doc:meta])* $variant:ident = $id:literal $(, $word:literal)*;)*) => {
        /// What a key or a palette line does. A pane answers those that it knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the table of keys says in `help` what each one does")]
        pub enum Command {
            $($(#[$doc])* $variant,)*
        }

        impl Command {
            /// Every command.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in `config.yaml`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What people type for it after `/`; the first is its name. Without a name a command
            /// is not in the palette.
            pub fn names(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($word),*],)* }
            }
        }
    };
}

commands! {
    // While typing.
    Send = "send";
    Newline = "new-line";
    Recall = "earlier", "earlier";
    Slash = "commands";
    Left = "left";
    Right = "right";
    WordLeft = "word-left";
    WordRight = "word-right";
    LineStart = "line-start";
    LineEnd = "line-end";
    Backspace = "backspace";
    Delete = "delete";
    DeleteWord = "delete-word";
    DeleteToStart = "delete-to-start";
    DeleteToEnd = "delete-to-end";
    Yank = "put-back";
    Editor = "editor", "editor";
    // Moving.
    Up = "up";
    Down = "down";
    PageUp = "page-up";
    PageDown = "page-down";
    HalfUp = "half-page-up";
    HalfDown = "half-page-down";
    Top = "top", "top";
    Bottom = "end", "end";
    NextPart = "next-part";
    PreviousPart = "previous-part";
    ToInput = "to-input";
    Find = "find", "find";
    FindNext = "find-next";
    FindPrevious = "find-previous";
    // On what is selected.
    Open = "open", "open";
    Try = "try", "try";
    Tune = "fine-tune", "tune";
    Why = "why", "why";
    Edit = "edit", "edit";
    More = "more", "more";
    Mark = "mark", "mark";
    Compare = "compare", "compare";
    Copy = "copy", "copy";
    New = "new", "new";
    Examples = "examples", "examples";
    ChooseTask = "choose-task", "task";
    ChooseModel = "choose-model", "model";
    Beside = "beside", "beside";
    Again = "again", "again";
    Measure = "measure", "measure";
    System = "system", "system";
    Sent = "template", "template";
    Stop = "stop", "stop";
    Fetch = "fetch", "fetch";
    StopFetch = "stop-fetch", "stop-fetch";
    Pause = "pause", "pause";
    Resume = "resume", "resume";
    EndRun = "end-run", "end-run";
    DeleteRun = "delete-run", "delete-run";
    SetBack = "set-back", "set-back";
    DeleteModel = "delete-model", "delete";
    AllOptions = "all-options", "options";
    Facets = "facets", "facets";
    Sort = "sort", "sort";
    Reverse = "reverse", "reverse";
    Scope = "scope", "scope";
    NextVariant = "next-variant";
    PreviousVariant = "previous-variant";
    Raw = "raw", "raw";
    Zoom = "zoom", "zoom";
    // Everywhere.
    Back = "back";
    Interrupt = "interrupt";
    Palette = "palette";
    Help = "help", "help";
    Redraw = "redraw", "redraw";
    Suspend = "suspend", "suspend";
    Mouse = "mouse", "mouse";
    Quit = "quit", "quit", "q", "exit", "bye";
    ToAsk = "ask", "ask";
    ToModels = "models", "models";
    ToTry = "to-try", "run";
    ToTune = "to-tune", "runs";
    ToChat = "chat", "chat";
}

impl Command {
    /// Whether it does something with what is selected: the footer names it from the input too.
    pub fn is_on_a_selection(self) -> bool {
        matches!(
            self,
            Self::Compare
                | Self::Why
                | Self::Copy
                | Self::Edit
                | Self::More
                | Self::Try
                | Self::Tune
                | Self::Again
                | Self::Measure
                | Self::Fetch
        )
    }

    /// Whether it edits a text that is being typed.
    pub(in crate::tui) fn edits(self) -> bool {
        matches!(
            self,
            Self::Send
                | Self::Newline
                | Self::Left
                | Self::Right
                | Self::WordLeft
                | Self::WordRight
                | Self::LineStart
                | Self::LineEnd
                | Self::Backspace
                | Self::Delete
                | Self::DeleteWord
                | Self::DeleteToStart
                | Self::DeleteToEnd
                | Self::Yank
        )
    }

    /// Whether it moves within what is read.
    pub(in crate::tui) fn moves(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::HalfUp
                | Self::HalfDown
                | Self::Top
                | Self::Bottom
        )
    }

    /// The command that `name` stands for in `config.yaml`.
    pub(super) fn of_id(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|command| command.id() == name)
    }

    /// The name nearest to a misspelt one.
    pub(super) fn nearest(name: &str) -> &'static str {
        let far = |command: &&Self| strsim::damerau_levenshtein(name, command.id());
        Self::ALL
            .iter()
            .min_by_key(far)
            .map_or("quit", |command| command.id())
    }
}
