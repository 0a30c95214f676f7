//! Who may ask: hosts, origins and forms; and the headers every answer carries.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};

use super::app::App;
use super::problem::Problem;

const COOKIE: &str = "domesday_form";

/// Scripts, styles and data come from here and nowhere else. `MapLibre` makes its worker from a file of ours and its
/// images from blobs. Nothing inline, so an injected script or style does nothing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

static HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
];

/// Puts the security headers on every answer.
pub(crate) async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in &HEADERS {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    Ok(response)
}

/// Refuses requests for another host, so that a name made to point here cannot read the register, and requests that
/// a page of another site makes.
pub(crate) async fn strangers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(app) = request.app_data::<web::Data<App>>() {
        let host = host_of(request.request());
        if !app.hosts.answer_for(&host) {
            return Ok(request.error_response(Problem::ForeignHost { host }));
        }
        if let Some(origin) = foreign_origin(request.headers(), &host) {
            return Ok(request.error_response(Problem::ForeignOrigin { origin }));
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Gives a browser the token that its forms must send back.
pub(crate) async fn tokens(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let held = request
        .cookie(COOKIE)
        .map(|cookie| cookie.value().to_owned())
        .filter(|token| is_token(token));
    let is_new = held.is_none();
    let token = match held {
        Some(token) => token,
        None => match new_token() {
            Ok(token) => token,
            Err(error) => {
                return Ok(request.error_response(Problem::internal(anyhow::anyhow!("{error}"))));
            }
        },
    };
    request.extensions_mut().insert(FormToken(token.clone()));
    let mut response = next.call(request).await?.map_into_boxed_body();
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_new && is_page {
        let cookie = Cookie::build(COOKIE, token)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .finish();
        let value = HeaderValue::from_str(&cookie.to_string()).map_err(Problem::internal)?;
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// The token of this browser's forms.
#[derive(Debug, Clone)]
pub(crate) struct FormToken(pub String);

/// The token to put into a form.
pub(crate) fn token(request: &HttpRequest) -> String {
    request.extensions().get::<FormToken>().map(|token| token.0.clone()).unwrap_or_default()
}

/// Whether a form was sent by a page of ours: the token in it is the one in the cookie.
pub(crate) fn check_form(request: &HttpRequest, sent: &str) -> Result<(), Problem> {
    let held = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    if is_token(&held) && held == sent { Ok(()) } else { Err(Problem::FormExpired) }
}

/// Host names this service answers for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// The named ones (`estates.example` for any port, `estates.example:8080` for one), and, when listening on
    /// loopback, the names of loopback.
    pub(crate) fn new(named: &[String], is_loopback: bool, listen: &str) -> Self {
        let mut hosts: Vec<String> = named.iter().map(|host| host.to_ascii_lowercase()).collect();
        if is_loopback {
            hosts.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        }
        hosts.push(listen.to_owned());
        Self(hosts)
    }

    fn answer_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|allowed| {
            host == *allowed
                || host
                    .strip_prefix(allowed.as_str())
                    .and_then(|rest| rest.strip_prefix(':'))
                    .is_some_and(|port| {
                        !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
                    })
        })
    }
}

fn host_of(request: &HttpRequest) -> String {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    header
        .or_else(|| request.uri().authority().map(actix_web::http::uri::Authority::as_str))
        .unwrap_or_default()
        .to_owned()
}

/// The origin, if it is not this service. A browser sends one with every request a foreign page makes that could
/// change anything; older ones at least say `cross-site`.
fn foreign_origin(headers: &HeaderMap, host: &str) -> Option<String> {
    let text = |name: &HeaderName| {
        headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    if let Some(origin) = text(&header::ORIGIN) {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        let is_ours = authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host));
        return (!is_ours).then_some(origin);
    }
    let site = text(&HeaderName::from_static("sec-fetch-site"))?;
    let mode = text(&HeaderName::from_static("sec-fetch-mode")).unwrap_or_default();
    // Following a link from another site is how people arrive; everything else from there is refused.
    let is_foreign = !["same-origin", "none"].contains(&site.as_str()) && mode != "navigate";
    is_foreign.then_some(site)
}

fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn new_token() -> Result<String, getrandom::Error> {
    use std::fmt::Write as _;
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_hosts_are_answered() {
        let hosts = Hosts::new(&["Estates.example".to_owned()], true, "127.0.0.1:8080");
        for ours in [
            "localhost",
            "localhost:9000",
            "127.0.0.1:8080",
            "[::1]:8080",
            "estates.example",
            "ESTATES.EXAMPLE:443",
        ] {
            assert!(hosts.answer_for(ours), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io:8080",
            "localhost:",
            "localhost:80x",
        ] {
            assert!(!hosts.answer_for(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_request_made_by_another_site_is_foreign_and_a_link_from_one_is_not() {
        let with = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            foreign_origin(&headers, "localhost:8080")
        };
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[("origin", "http://localhost:8080")]), None);
        assert_eq!(
            with(&[("origin", "http://localhost:8081")]),
            Some("http://localhost:8081".to_owned())
        );
        assert_eq!(with(&[("origin", "null")]), Some("null".to_owned()));
        assert_eq!(with(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]), None);
        assert!(with(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]).is_some());
    }
}
