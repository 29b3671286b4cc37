//! What can be tried: a task, how it is put to the model, and texts to begin with.

use crate::model::pipeline::Task;

/// One thing to try.
#[derive(Debug)]
pub(super) struct Preset {
    /// What it is called in the list of tasks.
    pub(super) name: &'static str,
    /// The task that runs.
    pub(super) task: Task,
    /// What is put before the text, where the model was saved with nothing for that.
    pub(super) prefix: &'static str,
    /// What a text has to be, in one line.
    pub(super) takes: &'static str,
    /// Texts to begin with.
    pub(super) examples: [Example; 3],
}

/// A text to begin with.
#[derive(Debug)]
pub(super) struct Example {
    /// The domain of a question that it belongs to; empty for none.
    pub(super) domain: &'static str,
    /// The text.
    pub(super) text: &'static str,
}

const fn plain(text: &'static str) -> Example {
    of("", text)
}

const fn of(domain: &'static str, text: &'static str) -> Example {
    Example { domain, text }
}

/// All of them; those of a model that follows instructions first.
pub(super) static PRESETS: [Preset; 12] = [
    Preset {
        name: "summarize",
        task: Task::Summarization,
        prefix: "summarize: ",
        takes: "a text; a long one is summarized in parts and then as a whole",
        examples: [
            of(
                "legal",
                "Either party may terminate this Agreement by giving the other not less than \
                 ninety (90) days' written notice. Upon termination the Tenant shall vacate the \
                 premises, return all keys, and pay any rent outstanding to the date of \
                 termination. The Landlord shall return the deposit within thirty (30) days, \
                 less the cost of repairing damage beyond fair wear and tear.",
            ),
            of(
                "news",
                "The town council voted on Tuesday to close the old bridge to cars from May. \
                 Cyclists and buses may still cross. Shopkeepers on the north bank had asked for \
                 a longer trial, and said that deliveries would take twenty minutes more.",
            ),
            plain(
                "Hi all, the release moves from Thursday to Monday because the import of old \
                 orders fails for two customers. Anna looks into it today. Please do not merge \
                 anything into main until she says so, and tell your customers.",
            ),
        ],
    },
    Preset {
        name: "translate",
        task: Task::Translation,
        prefix: "translate English to German: ",
        takes: "a text in the language that the prompt names",
        examples: [
            plain("How much does it cost to send this parcel to Norway?"),
            plain("The meeting is on Monday at nine."),
            plain("Please close the window before you leave."),
        ],
    },
    Preset {
        name: "answer",
        task: Task::Text2TextGeneration,
        prefix: "Answer the question from the text.\n",
        takes: "a question, and the text that the answer is in",
        examples: [
            plain(
                "Question: When does the lease end?\nText: The lease begins on 1 March 2024 and \
                 ends on 28 February 2027.",
            ),
            plain(
                "Question: Who looks into the failed import?\nText: The import of old orders \
                 fails for two customers. Anna looks into it today.",
            ),
            plain("Question: What is the capital of Norway?\nText: "),
        ],
    },
    Preset {
        name: "classify",
        task: Task::Text2TextGeneration,
        prefix: "Is this review positive or negative?\n",
        takes: "a text; the prompt names the classes",
        examples: [
            plain("The screen is bright and the battery lasts two days."),
            plain("It broke in the first week and nobody answered my letters."),
            plain("It does what it says. Nothing more."),
        ],
    },
    Preset {
        name: "rewrite",
        task: Task::Text2TextGeneration,
        prefix: "Rewrite this more politely: ",
        takes: "a text; the prompt says how",
        examples: [
            plain("Send me the report today."),
            plain("Your form is wrong. Do it again."),
            plain("I will not come on Friday."),
        ],
    },
    Preset {
        name: "write on",
        task: Task::TextGeneration,
        prefix: "",
        takes: "the beginning of a text",
        examples: [
            plain("The lease ends when"),
            plain("Dear Ms Berg,\nthank you for your letter of"),
            plain("Once the storm had passed, the harbour"),
        ],
    },
    Preset {
        name: "fill in words",
        task: Task::FillMask,
        prefix: "",
        takes: "a text with [MASK] where a word is missing",
        examples: [
            plain("Paris is the [MASK] of France."),
            plain("The tenant must pay the [MASK] by the first of each month."),
            plain("She opened the [MASK] and let in some fresh air."),
        ],
    },
    Preset {
        name: "label a text",
        task: Task::TextClassification,
        prefix: "",
        takes: "a text",
        examples: [
            plain("The screen is bright and the battery lasts two days."),
            plain("It broke in the first week and nobody answered my letters."),
            plain("Revenue fell by four percent in the third quarter."),
        ],
    },
    Preset {
        name: "find names",
        task: Task::TokenClassification,
        prefix: "",
        takes: "a text",
        examples: [
            plain("Anna Berg moved from Oslo to Vienna to work for Siemens."),
            of(
                "legal",
                "This agreement is made between Nordfisk AS of Bergen and Maria Lopez of Madrid.",
            ),
            plain("The Red Cross opened an office in Nairobi in March."),
        ],
    },
    Preset {
        name: "find the answer",
        task: Task::QuestionAnswering,
        prefix: "",
        takes: "the question in the first line, the text from the second on",
        examples: [
            of(
                "legal",
                "When does the lease end?\nThe lease begins on 1 March 2024 and ends on 28 \
                 February 2027, unless the tenant gives notice in writing.",
            ),
            plain(
                "Who looks into it?\nThe import of old orders fails for two customers. Anna looks \
                 into it today.",
            ),
            plain(
                "How long is the river?\nThe river rises in the north and reaches the sea after \
                 240 km.",
            ),
        ],
    },
    Preset {
        name: "compare texts",
        task: Task::SentenceSimilarity,
        prefix: "",
        takes: "texts, one a line",
        examples: [
            plain("The cat sits on the mat.\nA cat is lying on a rug.\nInterest rates rose again."),
            plain("How do I reset my password?\nI forgot my password.\nWhere is my parcel?"),
            plain("The lease ends in May.\nThe contract expires in May.\nMay is a warm month."),
        ],
    },
    Preset {
        name: "see the vectors",
        task: Task::FeatureExtraction,
        prefix: "",
        takes: "a text",
        examples: [
            plain("A short sentence."),
            plain("The bank of the river."),
            plain("The bank lends money."),
        ],
    },
];

/// The first thing to try of what a model does.
pub(super) fn first_of(tasks: &[Task]) -> Option<usize> {
    // T5 does all that an instruction asks for, and a summary shows most of it.
    let task = match tasks.first()? {
        Task::Text2TextGeneration if tasks.contains(&Task::Summarization) => Task::Summarization,
        task => *task,
    };
    PRESETS.iter().position(|preset| preset.task == task)
}

/// The first thing to try of a task.
pub(super) fn of_task(task: Task) -> Option<usize> {
    PRESETS.iter().position(|preset| preset.task == task)
}

impl Preset {
    /// Whether it writes a text, token by token.
    pub(super) fn writes(&self) -> bool {
        matches!(
            self.task,
            Task::Summarization
                | Task::Translation
                | Task::Text2TextGeneration
                | Task::TextGeneration
        )
    }

    /// Which example suits a question about `domain`.
    pub(super) fn example_for(&self, domain: &str) -> usize {
        let suits = |example: &Example| !domain.is_empty() && example.domain == domain;
        self.examples.iter().position(suits).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_can_be_tried_and_every_preset_has_its_own_name() {
        for task in Task::ALL {
            assert!(of_task(task).is_some(), "{task}");
        }
        let mut names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PRESETS.len());
    }

    #[test]
    fn a_legal_question_begins_with_a_clause() {
        let summary = &PRESETS[0];
        let example = &summary.examples[summary.example_for("legal")];
        assert!(example.text.contains("terminate this Agreement"));
        assert_eq!(summary.example_for("cooking"), 0);
    }
}
