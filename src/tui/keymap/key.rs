//! One key with its modifiers: as a terminal sends it, as people write it.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Keys that have a name, as the footer and `config.yaml` write them.
const NAMED: [(&str, KeyCode); 15] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
];

impl Key {
    /// A key without modifiers.
    pub(super) const fn plain(code: KeyCode) -> Self {
        Self {
            code,
            modifiers: KeyModifiers::NONE,
        }
    }

    /// A character.
    pub(super) const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A character with Ctrl.
    pub(super) const fn ctrl(c: char) -> Self {
        Self {
            code: KeyCode::Char(c),
            modifiers: KeyModifiers::CONTROL,
        }
    }

    /// A key with modifiers.
    pub(super) const fn with(code: KeyCode, modifiers: KeyModifiers) -> Self {
        Self { code, modifiers }
    }

    /// The key of an event. Shift is part of a character, and of `BackTab`, already.
    pub(super) fn of(event: KeyEvent) -> Self {
        let kept = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = event.modifiers & kept;
        let mut code = event.code;
        if let KeyCode::Char(c) = code {
            modifiers -= KeyModifiers::SHIFT;
            if modifiers.contains(KeyModifiers::CONTROL) {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
        }
        if code == KeyCode::Tab && modifiers == KeyModifiers::SHIFT {
            code = KeyCode::BackTab;
        }
        if code == KeyCode::BackTab {
            modifiers = KeyModifiers::NONE;
        }
        Self { code, modifiers }
    }

    /// The event that a terminal sends for it.
    pub(super) fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// Reads `Ctrl+R`, `q`, `Shift+Tab`, `F1`.
    ///
    /// # Errors
    /// Says what is wrong with it, or what the terminal makes of it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut rest, mut modifiers) = (text.trim(), KeyModifiers::NONE);
        for (name, modifier) in [
            ("ctrl+", KeyModifiers::CONTROL),
            ("alt+", KeyModifiers::ALT),
            ("shift+", KeyModifiers::SHIFT),
        ] {
            if rest.len() > name.len()
                && rest
                    .get(..name.len())
                    .is_some_and(|p| p.eq_ignore_ascii_case(name))
            {
                rest = &rest[name.len()..];
                modifiers |= modifier;
            }
        }
        let code = Self::code(rest).ok_or_else(|| {
            format!(
                "`{}` is no key; keys are written as q, Ctrl+R, Shift+Tab, F1, PgDn",
                crate::text::line(text)
            )
        })?;
        let key = Self::of(KeyEvent::new(code, modifiers));
        match key.taken_for() {
            Some(other) => Err(format!(
                "`{key}` cannot be bound: terminals send it as {other}"
            )),
            None => Ok(key),
        }
    }

    fn code(name: &str) -> Option<KeyCode> {
        if let Some((_, code)) = NAMED
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            return Some(*code);
        }
        let mut characters = name.chars();
        match (characters.next(), characters.next()) {
            (Some(c), None) => Some(KeyCode::Char(c)),
            (Some('F' | 'f'), Some(_)) => {
                let number = name[1..].parse().ok()?;
                (1..=12).contains(&number).then_some(KeyCode::F(number))
            }
            _ => None,
        }
    }

    /// What most terminals make of it, where that is another key.
    fn taken_for(self) -> Option<&'static str> {
        if self.modifiers != KeyModifiers::CONTROL {
            return None;
        }
        match self.code {
            KeyCode::Char('h') => Some("Backspace"),
            KeyCode::Char('i') => Some("Tab"),
            KeyCode::Char('m') => Some("Enter"),
            KeyCode::Char('[') => Some("Esc"),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "Ctrl+"),
            (KeyModifiers::ALT, "Alt+"),
            (KeyModifiers::SHIFT, "Shift+"),
        ] {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        let named = NAMED.iter().find(|(_, code)| *code == self.code);
        match (named, self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::BackTab) => f.write_str("Shift+Tab"),
            (None, KeyCode::F(number)) => write!(f, "F{number}"),
            (None, KeyCode::Char(c)) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, _) => f.write_str("?"),
        }
    }
}

/// The character that an event types, if it types one.
pub fn typed(event: KeyEvent) -> Option<char> {
    let held = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
    // AltGr arrives as Ctrl and Alt together on some systems.
    let text = held.is_empty() || held == KeyModifiers::CONTROL | KeyModifiers::ALT;
    match event.code {
        KeyCode::Char(c) if text => Some(c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for text in [
            "q",
            "Ctrl+R",
            "Shift+Tab",
            "F1",
            "PgDn",
            "Space",
            "Alt+Enter",
            "G",
            "[",
        ] {
            assert_eq!(Key::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Key::parse("ctrl+r"), Key::parse("Ctrl+R"));
        assert_eq!(Key::parse("+").unwrap(), Key::char('+'));
    }

    #[test]
    fn what_is_no_key_says_why() {
        assert!(Key::parse("hello").unwrap_err().contains("is no key"));
        assert!(Key::parse("F13").unwrap_err().contains("is no key"));
        assert!(Key::parse("").unwrap_err().contains("is no key"));
        assert!(Key::parse("Ctrl+I").unwrap_err().contains("send it as Tab"));
        assert!(Key::parse("Ctrl+[").unwrap_err().contains("send it as Esc"));
    }
}
