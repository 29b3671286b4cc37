//! A run on one page: what came out, its curves, its plan. No script, nothing from elsewhere.

use std::fmt::Write as _;

use super::Told;
use crate::error::Result;
use crate::finetune::run::Event;
use crate::text;

/// The size of a curve's picture.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
/// Around it, for the figures of the axes.
const MARGIN: f64 = 44.0;

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
table{border-collapse:collapse}td,th{padding:.2em 1em .2em 0;text-align:left}\
pre{overflow:auto;border:1px solid;padding:1em}svg{width:100%;height:auto}\
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}";

/// The page, from what happened in the run.
///
/// # Errors
/// When the plan cannot be written down.
pub fn page(told: &Told<'_>, events: &[Event]) -> Result<String> {
    // Writing to a text cannot fail.
    let id = escaped(told.id);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{id}</title>\
         <style>{STYLE}</style>\n<h1>{id}</h1>\n<p>{}</p>\n",
        escaped(&told.verdict())
    );
    html.push_str(
        "<h2>On the test rows</h2>\n<table><tr><th>figure<th>this model<th>untuned</tr>\n",
    );
    for (name, value) in told.metrics {
        let base = told.base_metrics.get(name);
        let base = base.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
        let _ = writeln!(
            html,
            "<tr><td>{}<td>{value:.4}<td>{base}</tr>",
            escaped(name)
        );
    }
    html.push_str("</table>\n<h2>Loss</h2>\n");
    let train: Vec<(f64, f64)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Progress { step, loss, .. } => Some((*step as f64, *loss)),
            _ => None,
        })
        .collect();
    let checks: Vec<(f64, f64)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Check { step, metrics, .. } => Some((*step as f64, *metrics.get("loss")?)),
            _ => None,
        })
        .collect();
    html.push_str(&curve(&train, &checks));
    html.push_str("<p>The line is the training loss, the points are the check rows.</p>\n");
    html.push_str(&samples(events));
    let plan = escaped(&told.plan.to_yaml()?);
    let _ = write!(html, "<h2>Plan</h2>\n<pre>{plan}</pre>\n</html>\n");
    Ok(html)
}

/// What the model wrote, step by step.
fn samples(events: &[Event]) -> String {
    let rows: Vec<String> = events
        .iter()
        .filter_map(|event| match event {
            Event::Sample {
                step, prompt, text, ..
            } => Some(format!(
                "<tr><td>{step}<td>{}<td>{}</tr>\n",
                escaped(prompt),
                escaped(text)
            )),
            _ => None,
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let rows = rows.concat();
    format!(
        "<h2>Held-out rows</h2>\n<table><tr><th>step<th>given<th>written</tr>\n{rows}</table>\n"
    )
}

/// A line and points over the same axes.
fn curve(line: &[(f64, f64)], points: &[(f64, f64)]) -> String {
    let all = || line.iter().chain(points).filter(|(_, y)| y.is_finite());
    let most = |of: fn(&(f64, f64)) -> f64| all().map(of).fold(f64::MIN, f64::max);
    let (right, top) = (most(|p| p.0), most(|p| p.1));
    let bottom = all().map(|p| p.1).fold(f64::MAX, f64::min);
    if right <= 0.0 || !top.is_finite() {
        return "<p>No step was written down.</p>\n".to_owned();
    }
    let span = (top - bottom).max(1e-9);
    let x = |step: f64| MARGIN + step / right * (WIDTH - 2.0 * MARGIN);
    let y = |value: f64| HEIGHT - MARGIN - (value - bottom) / span * (HEIGHT - 2.0 * MARGIN);
    let path: Vec<String> = line
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(step, value)| format!("{:.1},{:.1}", x(*step), y(*value)))
        .collect();
    let dots: Vec<String> = points
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(step, value)| {
            format!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>",
                x(*step),
                y(*value)
            )
        })
        .collect();
    let (path, dots) = (path.join(" "), dots.concat());
    let (low, left, end) = (HEIGHT - MARGIN, MARGIN, WIDTH - MARGIN);
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" fill=\"currentColor\" stroke=\"none\" font-size=\"12\">\
         <polyline points=\"{path}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\"/>{dots}\
         <text x=\"0\" y=\"{MARGIN}\">{top:.3}</text><text x=\"0\" y=\"{low}\">{bottom:.3}</text>\
         <text x=\"{left}\" y=\"{HEIGHT}\">0</text>\
         <text x=\"{end}\" y=\"{HEIGHT}\" text-anchor=\"end\">step {right}</text></svg>\n"
    )
}

/// Text that is neither markup nor steers a terminal.
fn escaped(words: &str) -> String {
    let safe = text::block(words);
    let mut out = String::with_capacity(safe.len());
    for c in safe.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_stays_within_its_picture_and_markup_is_text() {
        let svg = curve(&[(10.0, 3.0), (20.0, f64::NAN), (30.0, 1.0)], &[(0.0, 4.0)]);
        assert!(
            svg.contains("44.0,176.0") || svg.contains("676.0,176.0"),
            "{svg}"
        );
        assert!(svg.contains("cx=\"44.0\" cy=\"44.0\""), "{svg}");
        assert!(curve(&[], &[]).starts_with("<p>"));
        assert_eq!(escaped("<b>\"&\""), "&lt;b&gt;&quot;&amp;&quot;");
    }
}
