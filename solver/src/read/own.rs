//! A [`Problem`] as JSON: the form in which any problem can be kept, sent and asked again.

use super::Fault;
use crate::problem::Problem;

pub(super) fn json(bytes: &[u8]) -> Result<Problem, Fault> {
    let problem: Problem = serde_json::from_slice(bytes).map_err(|error| Fault::Json {
        line: error.line(),
        column: error.column(),
        what: told(&error),
    })?;
    problem.validate()?;
    Ok(problem)
}

/// What the parser says, without its own words for the place.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().map(str::to_owned).unwrap_or(text)
}
