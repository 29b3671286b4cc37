//! Where the focus is, which decides what keys mean.

impl Context {
    /// Whether it is the input of a pane that is sent with Enter.
    pub fn is_input(self) -> bool {
        matches!(self, Self::Input | Self::Prompt | Self::Message)
    }

    /// What it is called in the footer, after "Tab to".
    pub fn label(self) -> &'static str {
        self.name().rsplit(' ').next().unwrap_or_default()
    }
}

/// Declares the contexts: variant, whether plain characters are text there, and what it is called.
macro_rules! contexts {
    ($($(#[$doc:meta])* $variant:ident = $typing:literal, $name:literal;)*) => {
        /// Where the focus is, which decides what keys mean.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Context {
            $($(#[$doc])* $variant,)*
        }

        impl Context {
            /// Every context.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Whether plain characters are text here.
            pub fn is_typing(self) -> bool {
                match self { $(Self::$variant => $typing,)* }
            }

            /// What it is called, after "in".
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

contexts! {
    /// The input line of a pane.
    Input = true, "the input";
    /// The list of example questions.
    Examples = false, "the examples";
    /// The conversation.
    Answer = false, "an answer";
    /// Why the models stand in their order.
    Why = false, "the view of why";
    /// The fields of a reading.
    Fields = false, "the fields of a reading";
    /// The value of one field, being typed.
    Value = true, "a value";
    /// A model card.
    Card = false, "a card";
    /// Models side by side.
    Compare = false, "a comparison";
    /// What can be done with a model that does not run here.
    Script = false, "a script";
    /// Words to be found in what is read, being typed.
    Find = true, "the words to find";
    /// The filter of a list of models, being typed.
    Filter = true, "the filter";
    /// The list of models.
    Models = false, "the list of models";
    /// What the models can be narrowed by.
    Facets = false, "the facets";
    /// The text that a model is to be tried on.
    Prompt = true, "the text";
    /// Texts to begin with.
    Samples = false, "the examples";
    /// What a model has written or found.
    Outcome = false, "the result";
    /// What is tried, and how.
    Setup = false, "the settings";
    /// The value of a setting, being typed.
    Setting = true, "a setting";
    /// The list of fine-tunes.
    Runs = false, "the list of runs";
    /// One fine-tune.
    Board = false, "a run";
    /// A fine-tune that is being planned.
    Plan = false, "a plan";
    /// What is said to a model.
    Message = true, "the message";
    /// What was said, and what a model answered.
    Dialogue = false, "the conversation";
    /// A list of choices that a pane offers.
    Choices = true, "the choices";
    /// The palette's filter.
    Palette = true, "the palette";
    /// The filter over earlier inputs.
    Search = true, "earlier inputs";
    /// The keys of the pane.
    Help = false, "help";
    /// A text that no clipboard took.
    Text = false, "a text";
}

/// A set of contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contexts(u32);

impl Contexts {
    /// These contexts.
    pub(super) const fn of(contexts: &[Context]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < contexts.len() {
            bits |= 1 << contexts[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// Those of both sets.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of this set that are not in `other`.
    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `context` is one of them.
    pub(super) fn contains(self, context: Context) -> bool {
        self.0 >> context as u32 & 1 == 1
    }

    /// Each of them.
    pub(super) fn iter(self) -> impl Iterator<Item = Context> {
        let all = Context::ALL.iter().copied();
        all.filter(move |context| self.contains(*context))
    }
}
