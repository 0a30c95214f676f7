//! What went wrong with a request, as RFC 9457 problem details for programs and as a page for people.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

/// The one error type of the web. Causes are logged, never sent.
#[derive(Debug)]
pub(crate) enum Problem {
    /// There is nothing by this name.
    NotFound {
        /// What was looked for, as a noun phrase.
        what: String,
    },
    /// The address exists, the method does not.
    MethodNotAllowed {
        /// Methods that do, comma separated.
        allowed: &'static str,
    },
    /// Nothing the client accepts can be given.
    NotAcceptable {
        /// What can be given.
        offered: &'static str,
    },
    /// The body is larger than the limit.
    TooLarge {
        /// Bytes accepted.
        limit: usize,
    },
    /// The body is not of a kind that is read here.
    UnsupportedMediaType {
        /// What is.
        wanted: &'static str,
    },
    /// The request could not be understood.
    BadRequest {
        /// What could not be, as a sentence.
        detail: String,
    },
    /// It was understood, and some of its values cannot be accepted.
    Invalid {
        /// Each value.
        faults: Vec<FieldFault>,
    },
    /// It cannot be done as things stand.
    Conflict {
        /// Why, as a sentence.
        detail: String,
    },
    /// The `Host` header names a machine this service does not answer for.
    ForeignHost {
        /// As sent.
        host: String,
    },
    /// The request was made by a page of another site.
    ForeignOrigin {
        /// As sent.
        origin: String,
    },
    /// The form's token is not the one this browser was given.
    FormExpired,
    /// Too much is under way.
    Busy {
        /// What, as a sentence.
        detail: String,
    },
    /// A fault of ours.
    Internal(anyhow::Error),
}

/// One value that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldFault {
    /// Its name in the form or document.
    pub field: String,
    /// What is wrong and what would be right, as a sentence without a full stop.
    pub detail: String,
}

/// RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Details {
    /// A page here that says what happened and what to do.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short and always the same for a type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Values that cannot be accepted.
    #[serde(rename = "errors", skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FieldFault>,
}

/// A type of problem: what its page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Kind {
    /// Its page is `/problems/<slug>`.
    pub slug: &'static str,
    /// Short and always the same.
    pub title: &'static str,
    /// What happened, as sentences.
    pub happened: &'static str,
    /// What to do, as sentences.
    pub remedy: &'static str,
    /// The HTTP status.
    #[serde(skip)]
    pub status: StatusCode,
}

macro_rules! kinds {
    ($( $name:ident: $status:ident, $slug:literal, $title:literal, $happened:literal, $remedy:literal; )+) => {
        $( const $name: Kind = Kind {
            slug: $slug, title: $title, happened: $happened, remedy: $remedy, status: StatusCode::$status,
        }; )+
        /// Every type of problem.
        pub(crate) const KINDS: &[Kind] = &[$($name),+];
    };
}

kinds! {
    NOT_FOUND: NOT_FOUND, "not-found", "Not found",
        "There is no page, site, run or file at this address.",
        "Check the address, or look it up in the register. A site keeps its page after it closes.";
    METHOD_NOT_ALLOWED: METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed",
        "The address exists, but not for this HTTP method.",
        "Use one of the methods in the Allow header of the answer.";
    NOT_ACCEPTABLE: NOT_ACCEPTABLE, "not-acceptable", "Not acceptable",
        "The Accept header of the request excludes everything that can be sent.",
        "Accept the media type that the detail names, or leave the header out.";
    TOO_LARGE: PAYLOAD_TOO_LARGE, "too-large", "Too large",
        "The request is larger than this service accepts.",
        "Send less at a time, or use the command line, which has a higher limit.";
    UNSUPPORTED_MEDIA_TYPE: UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type",
        "The body of the request is of a kind that is not read here.",
        "Send the media type that the detail names, and say so in the Content-Type header.";
    BAD_REQUEST: BAD_REQUEST, "bad-request", "The request could not be understood",
        "The address or the body of the request is not well formed.",
        "The detail says which part. Mend that part and send it again.";
    INVALID: UNPROCESSABLE_ENTITY, "invalid", "Some values cannot be accepted",
        "The request was understood, but some of its values break a rule.",
        "Each fault names a value and what would be right. Nothing was changed.";
    CONFLICT: CONFLICT, "conflict", "It cannot be done as things stand",
        "The register or the run has moved on since the page was made, or is in a state that does not allow this.",
        "Open the page again and look at how things stand now.";
    FOREIGN_HOST: MISDIRECTED_REQUEST, "foreign-host", "This service does not answer for that host",
        "The Host header of the request names a machine that this service was not told to answer for.",
        "Use the address the service printed when it started, or start it with the host allowed.";
    FOREIGN_ORIGIN: FORBIDDEN, "foreign-origin", "Requests from other sites are refused",
        "The request was made by a page of another site.",
        "Open the page here and use its own form.";
    FORM_EXPIRED: FORBIDDEN, "form-expired", "The form is out of date",
        "The form was not sent by a page that this service gave to this browser, or the browser has been closed since.",
        "Go back, open the page again and send the form once more. The browser must accept cookies from this service.";
    BUSY: SERVICE_UNAVAILABLE, "busy", "Too much is under way",
        "The service is doing as much as it can.",
        "Wait for a run to end, or stop one, and try again.";
    INTERNAL: INTERNAL_SERVER_ERROR, "internal", "Sorry, there is a problem with the service",
        "Something went wrong inside the service. The cause is in its log.",
        "Try again. If it happens again, tell whoever runs this service and say when it happened.";
}

impl Problem {
    /// A thing that is not there.
    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// A request that is not well formed.
    pub(crate) fn bad_request(detail: impl fmt::Display) -> Self {
        Self::BadRequest { detail: detail.to_string() }
    }

    /// A single value that cannot be accepted.
    pub(crate) fn invalid(field: &str, detail: impl fmt::Display) -> Self {
        Self::Invalid {
            faults: vec![FieldFault { field: field.to_owned(), detail: detail.to_string() }],
        }
    }

    /// A fault of ours.
    pub(crate) fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::Internal(cause.into())
    }

    /// Its type: page, title and status.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } => NOT_FOUND,
            Self::MethodNotAllowed { .. } => METHOD_NOT_ALLOWED,
            Self::NotAcceptable { .. } => NOT_ACCEPTABLE,
            Self::TooLarge { .. } => TOO_LARGE,
            Self::UnsupportedMediaType { .. } => UNSUPPORTED_MEDIA_TYPE,
            Self::BadRequest { .. } => BAD_REQUEST,
            Self::Invalid { .. } => INVALID,
            Self::Conflict { .. } => CONFLICT,
            Self::ForeignHost { .. } => FOREIGN_HOST,
            Self::ForeignOrigin { .. } => FOREIGN_ORIGIN,
            Self::FormExpired => FORM_EXPIRED,
            Self::Busy { .. } => BUSY,
            Self::Internal(_) => INTERNAL,
        }
    }

    /// What may be told of this time, as a sentence.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::NotFound { what } => Some(format!("There is no {what}.")),
            Self::MethodNotAllowed { allowed } => Some(format!("Allowed here: {allowed}.")),
            Self::NotAcceptable { offered } => Some(format!("This address gives {offered}.")),
            Self::TooLarge { limit } => Some(format!("The limit here is {limit} bytes.")),
            Self::UnsupportedMediaType { wanted } => Some(format!("This address reads {wanted}.")),
            Self::BadRequest { detail } | Self::Conflict { detail } | Self::Busy { detail } => {
                Some(detail.clone())
            }
            Self::ForeignHost { host } => Some(format!("The request was for {host:?}.")),
            Self::ForeignOrigin { origin } => Some(format!("The request came from {origin:?}.")),
            Self::Invalid { .. } | Self::FormExpired | Self::Internal(_) => None,
        }
    }

    /// As a document.
    pub(crate) fn details(&self) -> Details {
        let kind = self.kind();
        let faults = if let Self::Invalid { faults } = self { faults.clone() } else { Vec::new() };
        Details {
            kind: format!("/problems/{}", kind.slug),
            title: kind.title.to_owned(),
            status: kind.status.as_u16(),
            detail: self.detail(),
            faults,
        }
    }

    /// Headers that the status asks for.
    pub(crate) fn add_headers(&self, response: &mut HttpResponseBuilder) {
        if let Self::MethodNotAllowed { allowed } = self {
            response.insert_header((ALLOW, HeaderValue::from_static(allowed)));
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.detail()) {
            (Self::Internal(cause), _) => write!(f, "{cause:#}"),
            (_, Some(detail)) => f.write_str(&detail),
            _ => f.write_str(self.kind().title),
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind().status
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Internal(cause) = self {
            tracing::error!(cause = format!("{cause:#}"), "internal error");
        }
        let mut response = HttpResponse::build(self.status_code());
        self.add_headers(&mut response);
        response.insert_header((CONTENT_TYPE, "application/problem+json")).json(self.details())
    }
}

/// What actix itself refuses: bodies, paths and queries it could not read.
pub(crate) fn of_actix(error: &actix_web::Error, limit: usize) -> Problem {
    let status = error.as_response_error().status_code();
    match status {
        StatusCode::NOT_FOUND => Problem::not_found("page at this address"),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge { limit },
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::UnsupportedMediaType { wanted: "application/json" }
        }
        _ if status.is_client_error() => Problem::bad_request(error),
        _ => Problem::Internal(anyhow::anyhow!("{error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_has_a_page_of_its_own_and_says_what_to_do() {
        let slugs: BTreeSet<_> = KINDS.iter().map(|kind| kind.slug).collect();
        assert_eq!(slugs.len(), KINDS.len());
        for kind in KINDS {
            assert!(kind.happened.ends_with('.') && kind.remedy.ends_with('.'), "{}", kind.slug);
        }
    }

    #[test]
    fn a_cause_is_never_sent() {
        let problem = Problem::internal(anyhow::anyhow!("password=hunter2"));
        assert_eq!(problem.details().detail, None);
        assert!(!serde_json::to_string(&problem.details()).unwrap().contains("hunter2"));
    }
}
