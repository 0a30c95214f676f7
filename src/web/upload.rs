//! Files sent in a form: read into memory up to a limit, then handed to the importer.

use actix_multipart::{Multipart, MultipartError};
use actix_web::HttpRequest;
use chrono::{NaiveDate, Utc};
use futures_util::StreamExt as _;

use super::api::check_sender;
use super::guard;
use super::pages::form::Form;
use super::problem::Problem;
use crate::import::mapping::Mapping;
use crate::import::references::About;
use crate::import::run::Request;
use crate::import::{ImportKind, InputFile};
use crate::store::ImportId;

/// Most bytes of a part that is no file.
const LARGEST_VALUE: usize = 64 * 1024;
/// Most parts of one form.
const MOST_PARTS: usize = 64;

/// A form with files.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// Its values.
    pub(super) values: Vec<(String, String)>,
    /// The files to import.
    pub(super) files: Vec<InputFile>,
    /// A column mapping of the user's.
    pub(super) mapping: Option<String>,
}

/// Reads a form of one of our pages.
pub(super) async fn of_page(
    request: &HttpRequest,
    parts: Multipart,
    limit: usize,
) -> Result<Upload, Problem> {
    let token = |values: &[(String, String)]| {
        let sent =
            values.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value.as_str());
        guard::check_form(request, sent)
    };
    let sent = read(parts, limit, token).await?;
    token(&sent.values)?;
    Ok(sent)
}

/// Reads a form that a program sends.
pub(super) async fn of_program(
    request: &HttpRequest,
    parts: Multipart,
    limit: usize,
) -> Result<Upload, Problem> {
    let is_form = request
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    if !is_form {
        return Err(Problem::UnsupportedMediaType { wanted: "multipart/form-data" });
    }
    check_sender(request)?;
    read(parts, limit, |_| Ok(())).await
}

/// Reads a form to its end. `may_go_on` sees the values before each file, so that a form without its token is refused
/// before its files are read.
async fn read(
    mut parts: Multipart,
    limit: usize,
    may_go_on: impl Fn(&[(String, String)]) -> Result<(), Problem>,
) -> Result<Upload, Problem> {
    let mut upload = Upload::default();
    let mut total = 0;
    let mut count = 0;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(of_multipart)?;
        count += 1;
        if count > MOST_PARTS {
            return Err(Problem::bad_request(format!(
                "The form has more than {MOST_PARTS} parts."
            )));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file_name =
            part.content_disposition().and_then(|d| d.get_filename()).map(str::to_owned);
        if file_name.is_some() {
            may_go_on(&upload.values)?;
        }
        let most = if file_name.is_some() { limit } else { LARGEST_VALUE };
        let mut bytes = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(of_multipart)?;
            total += chunk.len();
            if bytes.len() + chunk.len() > most || total > limit {
                return Err(Problem::TooLarge { limit: most.min(limit) });
            }
            bytes.extend_from_slice(&chunk);
        }
        match file_name {
            // A browser sends a file field nobody filled as an empty file without a name.
            Some(file_name) if file_name.is_empty() && bytes.is_empty() => {}
            Some(_) if name == "mapping" => upload.mapping = Some(text(bytes)?),
            Some(file_name) => upload.files.push(InputFile { name: last_part(&file_name), bytes }),
            None => upload.values.push((name, text(bytes)?)),
        }
    }
    Ok(upload)
}

/// A browser may send the whole path of a file; the report should name the file.
fn last_part(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).chars().take(200).collect()
}

fn text(bytes: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(bytes)
        .map_err(|_error| Problem::bad_request("A part of the form is not UTF-8 text."))
}

fn of_multipart(error: MultipartError) -> Problem {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeIncompatible
        | MultipartError::ContentTypeParse => {
            Problem::UnsupportedMediaType { wanted: "multipart/form-data" }
        }
        error => Problem::bad_request(error),
    }
}

/// Reads the values of an import; what is wrong stands in the form.
pub(super) fn request(
    form: &mut Form,
    files: Vec<InputFile>,
    mapping: Option<&str>,
    author: &str,
) -> Option<Request> {
    let kind = form.read("kind", |text| {
        text.parse::<ImportKind>().map_err(|_error| "Choose what the file is".to_owned())
    });
    let as_of = form.read("as_of", |text| match text {
        "" => Ok(None),
        text => NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Some).map_err(|_error| {
            "Enter the day the file describes as year, month and day, such as 2025-03-31".to_owned()
        }),
    });
    if files.is_empty() {
        form.refuse("files", "Choose a file");
    }
    let mapping =
        match mapping.filter(|text| !text.trim().is_empty()).map(Mapping::from_toml).transpose() {
            Ok(mapping) => mapping,
            Err(error) => {
                form.refuse("mapping", format!("The column mapping cannot be read: {error}"));
                None
            }
        };
    if !form.is_good() {
        return None;
    }
    let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(Request {
        kind: kind?,
        files,
        mapping,
        about: About { source: optional(form.value("source")), as_of: as_of? },
        accept_faults: form.is_yes("accept_faults"),
        author: author.to_owned(),
        reason: optional(form.value("reason")).unwrap_or_else(|| "Import".to_owned()),
        at: Utc::now().naive_utc(),
    })
}

/// The number of a report, for addresses.
pub(super) fn href(id: ImportId) -> String {
    format!("/imports/{}", id.0)
}
