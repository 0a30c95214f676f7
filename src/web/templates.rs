//! Templates: ours, and the NHS design system's own macros as `web/prepare.mjs` rewrote them for minijinja.
//!
//! The functions here give minijinja the Nunjucks manners those macros count on. A test renders every golden
//! fixture of nhsuk-frontend and compares.

use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};

use super::assets;

/// An environment that finds every template in the binary (or, in a development build, on disk).
///
/// Printing an undefined value is an error in our own templates and nothing at all in the NHS ones.
pub(crate) fn environment() -> Environment<'static> {
    let mut env = nunjucks();
    env.set_loader(|name| Ok(assets::template(name)));
    env.add_filter("thousands", thousands);
    env.add_function("asset", |path: &str| assets::url(path));
    env
}

fn nunjucks() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(print);
    env.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .expect("the delimiters are the default ones"),
    );
    env.add_function("nhsukAttributes", attributes);
    env.add_filter("default", default);
    env.add_filter("string", |value: &Value| {
        if value.is_safe() { value.clone() } else { Value::from(plain(value)) }
    });
    env.add_filter("safe", |value: &Value| Value::from_safe_string(plain(value)));
    env.add_filter("escape", |value: &Value| Value::from_safe_string(escaped(value)));
    env.add_filter("trim", |value: &Value| alike(value, plain(value).trim().to_owned()));
    env.add_filter("lower", |value: &Value| alike(value, plain(value).to_lowercase()));
    env.add_filter("indent", indent);
    env.add_filter("truncate", |value: &Value, most: usize, _: Rest<Value>| {
        alike(value, plain(value).chars().take(most).collect())
    });
    env.add_filter("length", |value: &Value| value.len().unwrap_or(0));
    env.add_filter("select", select);
    env
}

fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() && !state.name().starts_with("nhsuk/") && !state.name().starts_with('<')
    {
        return Err(Error::new(ErrorKind::UndefinedError, format!("printed by {}", state.name())));
    }
    out.write_str(&escaped(value))?;
    Ok(())
}

/// A value as Nunjucks prints it, without escaping.
fn plain(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        // minijinja prints Python's `True`.
        ValueKind::Bool => value.is_true().to_string(),
        _ => value.to_string(),
    }
}

fn escaped(value: &Value) -> String {
    let text = plain(value);
    if value.is_safe() { text } else { escape(&text) }
}

/// Escapes text for an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            '\\' => out.push_str("&#92;"),
            c => out.push(c),
        }
    }
    out
}

/// Text made from a value is as safe as the value was.
fn alike(value: &Value, text: String) -> Value {
    if value.is_safe() { Value::from_safe_string(text) } else { Value::from(text) }
}

fn default(value: &Value, other: Option<&Value>, also_falsy: Option<bool>) -> Value {
    let is_missing = if also_falsy == Some(true) { !value.is_true() } else { value.is_undefined() };
    if is_missing { other.cloned().unwrap_or_default() } else { value.clone() }
}

fn indent(value: &Value, width: Option<usize>, first: Option<bool>) -> Value {
    let pad = " ".repeat(width.unwrap_or(4));
    let text = plain(value);
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        if number > 0 || first == Some(true) {
            out.push_str(&pad);
        }
        out.push_str(line);
    }
    alike(value, out)
}

fn select(values: &Value, test: &str, _: Kwargs) -> Result<Value, Error> {
    let fits = |value: &Value| match test {
        "mapping" => value.kind() == ValueKind::Map,
        "iterable" => matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable),
        "string" => value.kind() == ValueKind::String,
        _ => false,
    };
    if !["mapping", "iterable", "string"].contains(&test) {
        return Err(Error::new(ErrorKind::UnknownTest, test.to_owned()));
    }
    Ok(values.try_iter()?.filter(fits).collect())
}

/// ` name="value"` for each attribute; as the macro of the same name in nhsuk-frontend says.
fn attributes(given: Option<&Value>) -> Result<Value, Error> {
    let Some(given) = given else { return Ok(Value::from_safe_string(String::new())) };
    if given.kind() != ValueKind::Map {
        return Ok(Value::from_safe_string(plain(given)));
    }
    let mut out = String::new();
    for name in given.try_iter()? {
        let item = given.get_item(&name)?;
        let option = |key: &str| {
            if item.kind() == ValueKind::Map { item.get_attr(key) } else { Ok(Value::UNDEFINED) }
        };
        let (value, kind) = if item.kind() == ValueKind::Map {
            (item.get_attr("value")?, option("type")?)
        } else {
            (item.clone(), Value::UNDEFINED)
        };
        let is_optional = option("optional")?.is_true();
        let is_true = value == Value::from(true);
        let is_absent = value.is_undefined() || value.is_none() || value == Value::from(false);
        let name = escape(&plain(&name));
        if is_optional && is_true {
            write!(out, " {name}")?;
        } else if !(is_optional && is_absent) {
            let text = if kind.as_str() == Some("array") { json(&value)? } else { escaped(&value) };
            let quote = if text.contains('"') { '\'' } else { '"' };
            write!(out, " {name}={quote}{text}{quote}")?;
        }
    }
    Ok(Value::from_safe_string(out))
}

fn json(value: &Value) -> Result<String, Error> {
    let text = serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    let escapes = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")];
    Ok(escapes.iter().fold(text, |text, (from, to)| text.replace(from, to)))
}

fn thousands(value: &Value) -> Result<String, Error> {
    let number = i64::try_from(value.clone())?;
    let digits = crate::register::thousands(number.unsigned_abs());
    Ok(if number < 0 { format!("-{digits}") } else { digits })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Fixtures {
        fixtures: Vec<Fixture>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Fixture {
        name: String,
        context: Value,
        call_block: Option<String>,
        html: String,
    }

    #[test]
    fn every_golden_fixture_of_the_nhs_design_system_is_rendered_as_it_says() {
        let components = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("web/node_modules/nhsuk-frontend/dist/nhsuk/components");
        if !components.is_dir() {
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                b"SKIPPED: nhsuk-frontend is not installed; run `make setup`\n",
            );
            return;
        }
        let env = environment();
        let mut seen = 0;
        let mut wrong = Vec::new();
        let mut folders: Vec<_> =
            std::fs::read_dir(components).unwrap().map(|f| f.unwrap().path()).collect();
        folders.sort();
        for folder in folders {
            let Ok(text) = std::fs::read_to_string(folder.join("fixtures.json")) else { continue };
            let component = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let fixtures: Fixtures = serde_json::from_str(&text).unwrap();
            for fixture in fixtures.fixtures {
                seen += 1;
                let told = format!("{component}: {}", fixture.name);
                match render(&env, &component, &fixture) {
                    Ok(html) if squeeze(&html) == squeeze(&fixture.html) => {}
                    Ok(html) => wrong.push(format!(
                        "{told}\n  {}\n  {}",
                        squeeze(&html),
                        squeeze(&fixture.html)
                    )),
                    Err(error) => wrong.push(format!("{told}\n  {error:#}")),
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(seen, 983);
    }

    fn render(env: &Environment<'_>, component: &str, fixture: &Fixture) -> Result<String, Error> {
        let file = format!("nhsuk/components/{component}/macro.njk");
        let source = assets::template(&file).unwrap();
        let name = source.split("macro ").nth(1).and_then(|rest| rest.split('(').next()).unwrap();
        let page = match &fixture.call_block {
            None => format!("{{% from '{file}' import {name} %}}{{{{ {name}(params) }}}}"),
            Some(block) => format!(
                "{{% from '{file}' import {name} %}}{{% call {name}(params) %}}{block}{{% endcall %}}"
            ),
        };
        env.render_str(&page, minijinja::context! { params => &fixture.context })
    }

    /// White space between and around tags says nothing.
    fn squeeze(html: &str) -> String {
        let one: String = html.split_whitespace().collect::<Vec<_>>().join(" ");
        one.replace("> ", ">").replace(" <", "<").replace(" >", ">")
    }
}
