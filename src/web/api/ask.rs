//! What a program asks: query parameters and JSON bodies, each value read by name and refused by name.

use std::collections::BTreeMap;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, HeaderName, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, web};
use serde_json::{Map, Value};

use crate::register::{Kind, Pence, Scalar, Word};
use crate::web::BODY_LIMIT;
use crate::web::filter::SiteFilter;
use crate::web::problem::{FieldFault, Problem, of_actix};

const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
/// A hundred billion pounds: more than all of the estate, and far from where sums of pence end.
const MOST_MONEY: Pence = Pence(10_000_000_000_000);

/// Refuses what a page of another site could make a browser send unasked.
///
/// A foreign `Origin` never gets this far. A browser that sends none can still post a form from anywhere, but neither
/// JSON nor a header of its own without asking first, and that asking is never granted.
pub(in crate::web) fn check_sender(request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) || headers.contains_key(REQUESTED_WITH) || is_json(request) {
        return Ok(());
    }
    Err(Problem::bad_request(
        "A program that sends no JSON must send the header X-Requested-With, whatever its value.",
    ))
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.content_type();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// Refuses whoever accepts nothing that the address gives, before any work is done.
pub(super) async fn acceptable(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let path = request.path();
    let offered = match path.rsplit_once('.') {
        Some((_, "csv")) => "text/csv",
        Some((_, "xlsx")) => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some((_, "zip")) => "application/zip",
        Some((_, "geojson")) => "application/geo+json",
        _ => "application/json",
    };
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| !takes(accept, offered)) {
        return Ok(request.error_response(Problem::NotAcceptable { offered }));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn takes(accept: &str, offered: &str) -> bool {
    let family = offered.split('/').next().unwrap_or_default();
    accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim()).any(|range| {
        range == "*/*"
            || range.eq_ignore_ascii_case(offered)
            || range.strip_suffix("/*").is_some_and(|wanted| wanted.eq_ignore_ascii_case(family))
            || (range.eq_ignore_ascii_case("application/json") && offered.ends_with("json"))
    })
}

/// The body, if it says it is JSON and is.
pub(super) async fn document(request: &HttpRequest, body: web::Payload) -> Result<Value, Problem> {
    if !is_json(request) {
        return Err(Problem::UnsupportedMediaType { wanted: "application/json" });
    }
    let bytes = match body.to_bytes_limited(BODY_LIMIT).await {
        Ok(bytes) => bytes.map_err(|error| of_actix(&error, BODY_LIMIT))?,
        Err(_too_large) => return Err(Problem::TooLarge { limit: BODY_LIMIT }),
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::bad_request(format!("The body is not JSON: {error}.")))
}

/// Query parameters. An empty value asks for nothing; a name that is not read is refused, so that a misspelt filter
/// does not answer with everything.
#[derive(Debug)]
pub(super) struct Asked {
    values: BTreeMap<String, String>,
    faults: Vec<FieldFault>,
}

impl Asked {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| Problem::bad_request(format!("The query cannot be read: {error}.")))?;
        let mut asked = Self { values: BTreeMap::new(), faults: Vec::new() };
        for (name, value) in pairs.into_inner() {
            if asked.values.insert(name.clone(), value).is_some() {
                asked.refuse(&name, format!("{name} is given twice"));
            }
        }
        Ok(asked)
    }

    pub(super) fn refuse(&mut self, field: &str, detail: impl Into<String>) {
        self.faults.push(FieldFault { field: field.to_owned(), detail: detail.into() });
    }

    /// Whether a value was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.trim().is_empty())
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.values
            .remove(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// A finite number within bounds.
    pub(super) fn number(&mut self, name: &str, low: f64, high: f64) -> Option<f64> {
        let text = self.text(name)?;
        let number = text.parse::<f64>().ok().filter(|number| (low..=high).contains(number));
        if number.is_none() {
            self.refuse(
                name,
                format!("{name} is a number from {low} to {high}, and {} is not", quoted(&text)),
            );
        }
        number
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, name: &str, low: u64, high: u64) -> Option<u64> {
        let text = self.text(name)?;
        let number = text.parse::<u64>().ok().filter(|number| (low..=high).contains(number));
        if number.is_none() {
            self.refuse(
                name,
                format!("{name} is {}, and {} is not", whole_number(low, high), quoted(&text)),
            );
        }
        number
    }

    /// The same for what is counted in memory.
    pub(super) fn count(&mut self, name: &str, low: u64, high: u64) -> Option<usize> {
        self.whole(name, low, high).and_then(|number| usize::try_from(number).ok())
    }

    pub(super) fn is_true(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            Some("true") => true,
            Some("false") | None => false,
            Some(text) => {
                self.refuse(
                    name,
                    format!("{name} is true or false, and {} is neither", quoted(text)),
                );
                false
            }
        }
    }

    /// A word of a closed list.
    pub(super) fn word<W: Word>(&mut self, name: &str) -> Option<W> {
        let text = self.text(name)?;
        let word = W::find(&text);
        if word.is_none() {
            let words: Vec<&str> = W::ALL.iter().map(|word| word.word()).collect();
            self.refuse(
                name,
                format!("{name} is one of {}, and {} is not", words.join(", "), quoted(&text)),
            );
        }
        word
    }

    /// The filter of the register page.
    pub(super) fn filter(&mut self) -> SiteFilter {
        let mut value = |name: &str| self.text(name).unwrap_or_default();
        let filter = SiteFilter {
            text: value("text"),
            borough: value("borough"),
            icb: value("icb"),
            status: value("status"),
            tenure: value("tenure"),
            gates: value("gates"),
        };
        self.faults.extend(filter.unknown_words());
        filter
    }

    /// After the last parameter was read.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.values).into_keys() {
            self.refuse(&name, format!("{} is not a parameter here", quoted(&name)));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::Invalid { faults: self.faults }) }
    }
}

/// Members of a JSON object, read like query parameters: null is as good as absent.
#[derive(Debug)]
pub(super) struct Members {
    values: Map<String, Value>,
    faults: Vec<FieldFault>,
}

impl Members {
    pub(super) fn of(document: Value) -> Result<Self, Problem> {
        match document {
            Value::Object(values) => Ok(Self { values, faults: Vec::new() }),
            _ => Err(Problem::bad_request("The body is a JSON object.")),
        }
    }

    pub(super) fn refuse(&mut self, field: &str, detail: impl Into<String>) {
        self.faults.push(FieldFault { field: field.to_owned(), detail: detail.into() });
    }

    /// Says that a member which must be there is not, unless what was there has been refused already.
    pub(super) fn need(&mut self, name: &str, what: &str) {
        if !self.is_refused(name) {
            self.refuse(name, format!("{name} is missing: {what}"));
        }
    }

    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.field == name)
    }

    /// A member read as something; what `read` says of it begins with `name`.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.values.remove(name).filter(|value| !value.is_null())?;
        match read(&value) {
            Ok(value) => Some(value),
            Err(words) => {
                self.refuse(name, format!("{name} {words}"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, name: &str, most: usize) -> Option<String> {
        self.read(name, |value| {
            let text = value.as_str().map(str::trim).ok_or("is a text")?;
            if text.chars().count() > most {
                Err(format!("is a text of at most {most} characters"))
            } else {
                Ok(text.to_owned())
            }
        })
    }

    pub(super) fn number(&mut self, name: &str, low: f64, high: f64) -> Option<f64> {
        self.read(name, |value| {
            let number = value.as_f64().filter(|number| (low..=high).contains(number));
            number.ok_or_else(|| format!("is a number from {low} to {high}"))
        })
    }

    pub(super) fn whole(&mut self, name: &str, low: u64, high: u64) -> Option<u64> {
        self.read(name, |value| {
            let number = value.as_u64().filter(|number| (low..=high).contains(number));
            number.ok_or_else(|| format!("is {}", whole_number(low, high)))
        })
    }

    /// Pounds, as a number or a text, to the penny.
    pub(super) fn money(&mut self, name: &str) -> Option<Pence> {
        self.read(name, |value| {
            pence_of(value).ok_or_else(|| "is an amount in pounds to the penny, from 0 to 100,000,000,000, such as 2500000 or \"2500000.50\"".to_owned())
        })
    }

    /// After the last member was read.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.values) {
            self.refuse(&name, format!("{} is not a member here", quoted(&name)));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::Invalid { faults: self.faults }) }
    }
}

/// In words; twenty digits of a bound that nobody meets say nothing.
fn whole_number(low: u64, high: u64) -> String {
    match (low, high) {
        (low, u64::MAX) => format!("a whole number of at least {low}"),
        (low, high) => format!("a whole number from {low} to {high}"),
    }
}

fn pence_of(value: &Value) -> Option<Pence> {
    let pence = match value {
        Value::String(text) => {
            let text = text.trim().replace(',', "");
            let (_, part) = text.split_once('.').unwrap_or((&text, ""));
            let is_to_the_penny =
                part.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            Scalar::parse(Kind::Money, &text)
                .ok()
                .and_then(|scalar| scalar.pence())
                .filter(|_| is_to_the_penny)?
        }
        Value::Number(number) => {
            let pounds = number.as_f64()?;
            let pence = Pence(100).times(pounds);
            // Readers of JSON may be off in the last binary digit; a tenth of a penny is more than that.
            (pence.as_pounds() - pounds).abs().le(&(pounds.abs() * 1e-15)).then_some(pence)?
        }
        _ => return None,
    };
    (Pence::ZERO..=MOST_MONEY).contains(&pence).then_some(pence)
}

/// What was sent, short enough to repeat.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_accepted_is_told_from_what_is_not() {
        for accept in
            ["*/*", "application/*", "text/html, application/json;q=0.5", "APPLICATION/JSON"]
        {
            assert!(takes(accept, "application/json"), "{accept}");
        }
        assert!(takes("application/json", "application/geo+json"));
        assert!(!takes("text/html", "application/json"));
        assert!(!takes("application/json", "text/csv"));
    }

    #[test]
    fn money_is_taken_to_the_penny_and_nothing_finer() {
        let read = |value: Value| pence_of(&value).map(|pence| pence.0);
        assert_eq!(read(json!(2_500_000)), Some(250_000_000));
        assert_eq!(read(json!(0.1)), Some(10));
        assert_eq!(read(json!(1_234_567.89)), Some(123_456_789));
        assert_eq!(read(json!("1,250.55")), Some(125_055));
        assert_eq!(read(json!(100_000_000_000_u64)), Some(MOST_MONEY.0));
        for wrong in [
            json!(-1),
            json!("-0.01"),
            json!(0.001),
            json!(1_250.555),
            json!("1e6"),
            json!(1e300),
            json!(true),
            json!(""),
            json!("£"),
        ] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
