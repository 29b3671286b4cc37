//! A model's own chat template: a program in Jinja, from whoever made the model.
//!
//! It sees what transformers gives to it and nothing else: no file, no variable of the
//! environment, no clock. Fuel bounds its instructions and every byte that it makes, so that a
//! hostile one ends with an error, soon.

use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind};

use super::{Turn, methods};
use crate::error::{Error, Result};
use crate::text;

/// The longest template, in bytes: the longest that are in use have a tenth of it.
const MOST_BYTES: usize = 256 << 10;

/// What a rendering may take: instructions, and 64 bytes made for each.
const FUEL: u64 = 150_000;

/// How deep macros may call each other.
const DEPTH: usize = 64;

/// A chat template that was read.
#[derive(Clone)]
pub struct Jinja {
    environment: Environment<'static>,
    source: Arc<str>,
}

impl std::fmt::Debug for Jinja {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Jinja").field(&self.source).finish()
    }
}

impl Jinja {
    /// Reads a template.
    ///
    /// # Errors
    /// One that is too long, or is no template; with the line.
    pub fn new(source: &str) -> Result<Self> {
        if source.len() > MOST_BYTES {
            let what = format!("has more than {} KB", MOST_BYTES >> 10);
            return Err(Error::new(what).at("chat_template"));
        }
        let jinja = Self {
            environment: environment()?,
            source: source.into(),
        };
        jinja
            .environment
            .template_from_str(&jinja.source)
            .map_err(|e| failed(&e))?;
        Ok(jinja)
    }

    /// The text of a conversation; with `open`, up to where the next answer begins.
    ///
    /// # Errors
    /// What the template itself refuses, what it asks for and does not get, and when it takes too
    /// much.
    pub fn render(&self, turns: &[Turn], open: bool, bos: &str, eos: &str) -> Result<String> {
        let message = |turn: &Turn| {
            Value::from_pairs([
                ("role", Value::from(turn.role.name())),
                ("content", Value::from(turn.content.as_str())),
            ])
        };
        let messages: Value = turns.iter().map(message).collect();
        let context = Value::from_pairs([
            ("messages", messages),
            ("add_generation_prompt", Value::from(open)),
            ("bos_token", Value::from(bos)),
            ("eos_token", Value::from(eos)),
            ("tools", Value::from(())),
            ("documents", Value::from(())),
        ]);
        let template = self.environment.template_from_str(&self.source);
        template
            .and_then(|template| template.render(context))
            .map_err(|e| failed(&e))
    }
}

/// What a template finds around it: transformers' settings and functions.
fn environment() -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(|e| failed(&e))?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    environment.set_unknown_method_callback(methods::call);
    environment.add_function("raise_exception", |why: String| -> Refusal<Value> {
        Err(refused(format!("the template refuses it: {why}")))
    });
    environment.add_function("strftime_now", |_: String| -> Refusal<Value> {
        Err(refused("the template asks for today's date".to_owned()))
    });
    Ok(environment)
}

/// What a function of a template gives.
type Refusal<T> = std::result::Result<T, minijinja::Error>;

fn refused(why: String) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, why)
}

/// The library's error as one of ours: what the template itself says is not trusted.
fn failed(error: &minijinja::Error) -> Error {
    let line = error.line().map_or(String::new(), |n| format!(":{n}"));
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "takes more time or memory than a chat template may".to_owned(),
        kind => {
            let detail = error.detail().map(text::line);
            detail.map_or_else(|| kind.to_string(), std::borrow::Cow::into_owned)
        }
    };
    let short: String = what.chars().take(300).collect();
    Error::new(short)
        .at(format!("chat_template{line}"))
        .hint("`--template chat`, `instruct` or `plain` is used in its place")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::Role;
    use super::*;

    fn said(source: &str) -> Result<String> {
        let turns = [
            Turn::new(Role::System, "Be kind."),
            Turn::new(Role::User, " Hi "),
        ];
        Jinja::new(source)?.render(&turns, true, "<s>", "</s>")
    }

    #[test]
    fn usual_templates_are_understood() {
        let chatml = "{% for message in messages %}\n    {{ '<|im_start|>' + message['role'] + \
            '\\n' + message['content'].strip() + '<|im_end|>' + '\\n' }}\n{% endfor %}\n\
            {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
        assert_eq!(
            said(chatml).expect("a text"),
            "    <|im_start|>system\nBe kind.<|im_end|>\n\n    <|im_start|>user\nHi<|im_end|>\n\n\
             <|im_start|>assistant\n"
        );
        let llama = "{{ bos_token }}{% if messages[0].role == 'system' %}{% set ns = \
            namespace(s=messages[0].content|trim) %}{% set loop_messages = messages[1:] %}\
            {% endif %}{% for m in loop_messages if m.role != 'tool' %}{{ '[INST] ' ~ ns.s ~ \
            m.content.split('x')[0].rstrip() ~ ' [/INST]' }}{% endfor %}";
        assert_eq!(
            said(llama).expect("a text"),
            "<s>[INST] Be kind. Hi [/INST]"
        );
        let macros = "{% macro say(m) %}{{ m.role.upper() }}: {{ m.content | tojson }};{% endmacro \
            %}{% for m in messages %}{{ say(m) }}{% if loop.index > 5 %}{% break %}{% endif %}\
            {% endfor %}";
        assert_eq!(
            said(macros).expect("a text"),
            "SYSTEM: \"Be kind.\";USER: \" Hi \";"
        );
        let error = said("{{ raise_exception('no system \u{1b}[2J here') }}").expect_err("refused");
        assert!(
            error.to_string().contains("refuses it: no system"),
            "{error}"
        );
        assert!(!error.to_string().contains('\u{1b}'));
    }

    #[test]
    fn hostile_templates_end_soon_and_reach_nothing() {
        let doubling = format!(
            "{{% set x = 'aaaaaaaaaaaaaaaa' %}}{}{{{{ x|length }}}}",
            "{% set x = x ~ x %}".repeat(40)
        );
        let capture = format!(
            "{{% set x = 'aaaaaaaaaaaaaaaa' %}}{}",
            "{% set x %}{{ x }}{{ x }}{% endset %}".repeat(40)
        );
        let nested = format!(
            "{}1{}",
            "{{ (".to_owned() + &"(".repeat(20_000),
            ")".repeat(20_000)
        );
        let lists = format!(
            "{{% set x = ['aaaaaaaa'] %}}{}{{{{ x|tojson }}}}",
            "{% set x = [x, x] %}".repeat(40)
        );
        let loops = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) \
            %}{% endfor %}{% endfor %}{% endfor %}";
        let cases: [(&str, &str); 15] = [
            (
                "range(10^9)",
                "{% for i in range(1000000000) %}x{% endfor %}",
            ),
            ("loops in loops", loops),
            (
                "a macro that calls itself",
                "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('aa') }}",
            ),
            (
                "two macros",
                "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}",
            ),
            (
                "attributes",
                "{{ messages.__class__.__mro__[1].__subclasses__() }}",
            ),
            (
                "globals",
                "{{ raise_exception.__globals__['os'].environ['HOME'] }}",
            ),
            (
                "cycler",
                "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
            ),
            (
                "ten megabytes",
                "{% for i in range(9999) %}{{ 'aaaaaaaaaaaaaaaa' * 100 }}{% endfor %}",
            ),
            ("a long text", "{{ 'a' * 1000000000 }}"),
            ("doubling", &doubling),
            ("captures", &capture),
            ("lists in lists", &lists),
            ("include", "{% include '/etc/passwd' %}"),
            ("what is not there", "{{ environ.HOME }}"),
            ("parentheses", &nested),
        ];
        for (name, source) in cases {
            let start = Instant::now();
            let error = said(source).expect_err(name);
            assert!(start.elapsed() < Duration::from_secs(1), "{name}");
            assert!(error.to_string().len() < 600, "{name}: {error}");
        }
    }
}
