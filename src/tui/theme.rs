//! What each role looks like, in the terminal's own 16 colours.
//!
//! Meaning is carried by words, marks and position first: with colour off the screen says the
//! same. White, black and blue are not used, because a background may be any of them.

use ratatui::style::{Color, Modifier, Style};

use crate::advisor::present::Role;

/// Styles by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    colour: bool,
}

impl Theme {
    /// A theme with or without colour.
    pub fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// The theme that the environment asks for: any non-empty `NO_COLOR` means none.
    pub fn of_environment() -> Self {
        Self::new(std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()))
    }

    fn in_colour(self, style: Style, colour: Color) -> Style {
        if self.colour { style.fg(colour) } else { style }
    }

    /// A run of an answer.
    pub fn role(self, role: Role) -> Style {
        match role {
            Role::Plain => Style::new(),
            Role::Strong => self.strong(),
            Role::Emphasis => Style::new().add_modifier(Modifier::ITALIC),
            Role::Dim => self.dim(),
            Role::Code => self.in_colour(Style::new(), Color::Green),
            Role::Cite => self.in_colour(Style::new(), Color::Cyan),
        }
    }

    /// Names, headings, the question.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is secondary.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is selected; a `>` stands before it as well.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A key in the footer, in help and in the palette.
    pub fn key(self) -> Style {
        self.in_colour(self.strong(), Color::Cyan)
    }

    /// A word that was found or filled in.
    pub fn found(self) -> Style {
        self.in_colour(
            self.strong().add_modifier(Modifier::UNDERLINED),
            Color::Green,
        )
    }

    /// What is of the `n`th kind, of which there may be any number; the words say which.
    pub fn category(self, n: usize) -> Style {
        let colours = [
            Color::Cyan,
            Color::Green,
            Color::Magenta,
            Color::Yellow,
            Color::Red,
        ];
        self.in_colour(
            Style::new().add_modifier(Modifier::UNDERLINED),
            colours[n % colours.len()],
        )
    }

    /// What went wrong.
    pub fn trouble(self) -> Style {
        self.in_colour(Style::new(), Color::Red)
    }
}
