//! A form as it was sent: every value by name, so that a page with errors can show what was typed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::web::problem::FieldFault;

/// Values as sent, and what is wrong with them.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Form {
    values: BTreeMap<String, String>,
    #[serde(skip)]
    all: BTreeMap<String, Vec<String>>,
    errors: BTreeMap<String, String>,
    /// Words that a refused choice could have been.
    #[serde(skip)]
    allowed: BTreeMap<String, String>,
}

impl Form {
    /// A form with these values.
    pub(crate) fn of(values: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in values {
            form.all.entry(name.clone()).or_default().push(value.clone());
            form.values.entry(name).or_insert(value);
        }
        form
    }

    /// A value, trimmed; empty where it was not sent.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.trim())
    }

    /// Whether a box is ticked, or a program says as much.
    pub(crate) fn is_yes(&self, name: &str) -> bool {
        ["yes", "true", "on", "1"].contains(&self.value(name))
    }

    /// Every value sent under one name, as ticked boxes are.
    pub(crate) fn ticked(&self, name: &str) -> &[String] {
        self.all.get(name).map_or(&[], Vec::as_slice)
    }

    /// Says what is wrong with a value; the first is kept.
    pub(crate) fn refuse(&mut self, name: &str, words: impl Into<String>) {
        self.errors.entry(name.to_owned()).or_insert_with(|| words.into());
    }

    /// Says that a value is none of those offered. A person sees them on the page; a program is told their words.
    pub(crate) fn refuse_choice<'a>(
        &mut self,
        name: &str,
        words: &str,
        allowed: impl IntoIterator<Item = &'a str>,
    ) {
        // The first thing wrong is told, with its own words.
        if !self.errors.contains_key(name) {
            let allowed: Vec<&str> = allowed.into_iter().collect();
            self.allowed.insert(name.to_owned(), allowed.join(", "));
        }
        self.refuse(name, words);
    }

    /// What is wrong, for a program that sent it.
    pub(crate) fn faults(&self) -> Vec<FieldFault> {
        let fault = |(field, detail): (&String, &String)| FieldFault {
            field: field.clone(),
            detail: match self.allowed.get(field) {
                Some(allowed) => format!("{detail}: {allowed}"),
                None => detail.clone(),
            },
        };
        self.errors.iter().map(fault).collect()
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// A value read as something, or an error under its name and `None`.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match read(self.value(name)) {
            Ok(value) => Some(value),
            Err(words) => {
                self.refuse(name, words);
                None
            }
        }
    }
}
