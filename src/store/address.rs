//! Where a database is, as its user names it.

use std::fmt;
use std::path::PathBuf;

use super::StoreError;

/// A SQLite file or a PostgreSQL server. Told apart by the scheme alone: SQLite would take a mistyped
/// `postgers://…` for a file name and start an empty register in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let url = url.trim();
        let refused = || StoreError::UnknownAddress { scheme: scheme_of(url).to_owned() };
        match url.split_once(':') {
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Self::Postgres(url.to_owned()))
            }
            Some(("sqlite", path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() || path == ":memory:" {
                    Err(refused())
                } else {
                    Ok(Self::Sqlite(path.into()))
                }
            }
            Some((before, _)) if is_scheme(before) => Err(refused()),
            _ if url.is_empty() => Err(refused()),
            _ => Ok(Self::Sqlite(url.into())),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn scheme_of(url: &str) -> &str {
    url.split_once(':').map_or("", |(before, _)| before)
}

/// Without user and password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "SQLite file {}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let place = rest.split('?').next().unwrap_or_default();
                let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
                write!(f, "PostgreSQL at {place}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_alone_decides() {
        let sqlite = |path: &str| Address::Sqlite(path.into());
        let cases = [
            ("sqlite:estate.db", sqlite("estate.db")),
            ("sqlite:///srv/estate.db", sqlite("/srv/estate.db")),
            ("/srv/estate.db", sqlite("/srv/estate.db")),
            ("estate.db", sqlite("estate.db")),
            ("postgres://h/estate", Address::Postgres("postgres://h/estate".to_owned())),
            ("postgresql://h/estate", Address::Postgres("postgresql://h/estate".to_owned())),
        ];
        for (url, wanted) in cases {
            assert_eq!(Address::parse(url).unwrap(), wanted, "{url}");
        }
    }

    #[test]
    fn a_mistyped_scheme_is_never_a_file() {
        for url in
            ["postgers://h/estate", "postgres:h", "mysql://h/x", "sqlite:", "", "sqlite::memory:"]
        {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let address = Address::parse("postgres://me:p%40ss@db.example/estate?sslmode=require");
        assert_eq!(address.unwrap().to_string(), "PostgreSQL at db.example/estate");
    }
}
