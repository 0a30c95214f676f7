//! A file of figures, word by word, knowing its lines.

use super::Fault;
use crate::problem::LARGEST;

/// Counts above this are no counts of sites, customers or edges.
const LARGEST_COUNT: usize = 10_000_000;
/// Of a word that is quoted back.
const LONGEST_QUOTE: usize = 40;

pub(super) struct Words<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Words<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Self { rest: bytes, line: 1 }
    }

    /// The line of the next word, and the word.
    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|b| !b.is_ascii_whitespace())?;
        self.line += self.rest[..start].split(|&b| b == b'\n').count() - 1;
        let word = &self.rest[start..];
        let end = word.iter().position(u8::is_ascii_whitespace).unwrap_or(word.len());
        self.rest = &word[end..];
        Some(&word[..end])
    }

    /// A figure that `is_wanted`.
    pub(super) fn figure(
        &mut self,
        field: impl FnOnce() -> String,
        wanted: &str,
        is_wanted: impl FnOnce(f64) -> bool,
    ) -> Result<f64, Fault> {
        let word = self.next();
        let figure = word.and_then(parse).filter(|x| is_figure(*x) && is_wanted(*x));
        figure.ok_or_else(|| self.fault(field(), word, wanted))
    }

    /// Any number.
    pub(super) fn number(&mut self, field: impl FnOnce() -> String) -> Result<f64, Fault> {
        self.figure(field, "a number from -1e15 to 1e15", |_| true)
    }

    /// A number that is not negative.
    pub(super) fn amount(&mut self, field: impl FnOnce() -> String) -> Result<f64, Fault> {
        self.figure(field, "a number from 0 to 1e15", |x| x >= 0.0)
    }

    /// As [`amount`](Self::amount), where the word `stands_for` may stand for one.
    pub(super) fn amount_or(
        &mut self,
        stands_for: (&str, Option<f64>),
        field: impl FnOnce() -> String,
    ) -> Result<f64, Fault> {
        let word = self.next();
        let (name, value) = stands_for;
        let is_name = word.is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()));
        let figure = if is_name { value } else { word.and_then(parse) };
        let wanted = if is_name {
            format!("a number from 0 to 1e15, and nothing said what {name:?} stands for")
        } else {
            "a number from 0 to 1e15".to_owned()
        };
        let figure = figure.filter(|x| is_figure(*x) && *x >= 0.0);
        figure.ok_or_else(|| self.fault(field(), word, &wanted))
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(
        &mut self,
        field: impl FnOnce() -> String,
        least: usize,
        most: usize,
    ) -> Result<usize, Fault> {
        let word = self.next();
        let whole = word.and_then(parse_whole).filter(|x| (least..=most).contains(x));
        whole.ok_or_else(|| {
            self.fault(field(), word, &format!("a whole number from {least} to {most}"))
        })
    }

    /// How many of something follow.
    pub(super) fn count(&mut self, field: &str) -> Result<usize, Fault> {
        self.whole(|| field.to_owned(), 0, LARGEST_COUNT)
    }

    /// Nothing is left.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.next() {
            None => Ok(()),
            word => {
                Err(self.fault("after the last figure".to_owned(), word, "the end of the file"))
            }
        }
    }

    fn fault(&self, field: String, word: Option<&[u8]>, wanted: &str) -> Fault {
        let quoted = |word: &[u8]| {
            let text = String::from_utf8_lossy(word);
            let mut quote: String = text.chars().take(LONGEST_QUOTE).collect();
            if quote.len() < text.len() {
                quote.push('…');
            }
            quote
        };
        let (line, wanted) = (self.line, wanted.to_owned());
        match word.map(quoted) {
            Some(found) => Fault::Word { line, field, found, wanted },
            None => Fault::Ends { line, field, wanted },
        }
    }
}

/// What [`Problem::validate`](crate::Problem::validate) accepts.
fn is_figure(x: f64) -> bool {
    x.abs() <= LARGEST
}

fn parse(word: &[u8]) -> Option<f64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Published files write some counts as `16.`.
fn parse_whole(word: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(word).ok()?;
    text.strip_suffix('.').unwrap_or(text).parse().ok()
}
