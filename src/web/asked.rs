//! Questions of access that pages and the API both take: states by name, and the catchment asked for.

use super::app::{App, Held};
use super::problem::{FieldFault, Problem};
use crate::access::Group;
use crate::register::{ServiceLine, Word as _};
use crate::scenario::{
    Base, CatchmentAsk, Compared, MeasureKind, OutlookError, Run, StateError, StateSpec, Supply,
    WhatIf,
};
use crate::store::RunId;
use crate::travel::Mode;

/// A state as an address names it.
pub(crate) fn spec(field: &str, text: &str) -> Result<StateSpec, Problem> {
    text.parse().map_err(|error: StateError| Problem::invalid(field, error.to_string()))
}

fn run_of(app: &App, spec: &StateSpec) -> Result<Option<Run>, Problem> {
    match spec.base {
        Base::Today => Ok(None),
        Base::Run(number) => Ok(Some(app.store.run(&app.scope(), RunId(number))?)),
    }
}

fn refused(field: &str, error: &OutlookError) -> Problem {
    match error {
        OutlookError::State(error) => Problem::invalid(field, error.to_string()),
        error => Problem::Conflict { detail: format!("{error}.") },
    }
}

/// Two states side by side.
pub(crate) fn compared(app: &App, held: &Held, a: &str, b: &str) -> Result<Compared, Problem> {
    let (a, b) = (spec("a", a)?, spec("b", b)?);
    let (run_a, run_b) = (run_of(app, &a)?, run_of(app, &b)?);
    let register = held.estate.register();
    // Which of the two cannot be is told by the field it was given in.
    held.outlook
        .state(register, &a, run_a.as_ref())
        .map_err(|error| Problem::invalid("a", error.to_string()))?;
    let geography = &held.estate.snapshot.geography;
    let (a, b) = ((&a, run_a.as_ref()), (&b, run_b.as_ref()));
    let compared = held.outlook.compare(register, geography, a, b);
    compared.map_err(|error| refused("b", &error))
}

/// What edits of today's estate would do.
pub(crate) fn what_if(held: &Held, edits: &str) -> Result<(StateSpec, WhatIf), Problem> {
    let spec = spec("edits", &format!("today+{edits}"))?;
    let told = held.outlook.what_if(held.estate.register(), &spec.edits);
    Ok((spec, told.map_err(|error| refused("edits", &error))?))
}

/// The member of a list that goes by this key, or a sentence with all of them.
fn one_of<T: Copy>(all: &[T], key: impl Fn(T) -> &'static str, text: &str) -> Result<T, String> {
    let keys: Vec<&str> = all.iter().map(|one| key(*one)).collect();
    let found = all.iter().copied().find(|one| key(*one) == text);
    found.ok_or_else(|| format!("is one of {}, and {text:?} is not", keys.join(", ")))
}

/// A catchment's question; what is not said takes the default.
pub(crate) fn catchment(said: impl Fn(&str) -> Option<String>) -> Result<CatchmentAsk, Problem> {
    let mut faults: Vec<FieldFault> = Vec::new();
    let mut refuse = |field: &str, detail: String| {
        faults.push(FieldFault { field: field.to_owned(), detail });
    };
    let mut ask = CatchmentAsk {
        service_line: ServiceLine::PrimaryCare,
        measure: MeasureKind::EnhancedTwoStep,
        supply: Supply::People,
        group: Group::Everyone,
        mode: Mode::Walk,
        minutes: 30.0,
    };
    let mut put = |field: &str, put: &mut dyn FnMut(&str) -> Result<(), String>| {
        if let Some(Err(words)) = said(field).filter(|text| !text.is_empty()).map(|text| put(&text))
        {
            refuse(field, format!("{field} {words}"));
        }
    };
    put("care", &mut |text| {
        ask.service_line = one_of(ServiceLine::ALL, ServiceLine::word, text)?;
        Ok(())
    });
    put("measure", &mut |text| {
        ask.measure = one_of(&MeasureKind::ALL, MeasureKind::key, text)?;
        Ok(())
    });
    put("supply", &mut |text| {
        ask.supply = one_of(&Supply::ALL, Supply::key, text)?;
        Ok(())
    });
    put("group", &mut |text| {
        ask.group = one_of(&Group::ALL, Group::key, text)?;
        Ok(())
    });
    put("mode", &mut |text| {
        ask.mode = one_of(&Mode::ALL, Mode::key, text)?;
        Ok(())
    });
    put("minutes", &mut |text| {
        let minutes = text.parse::<f64>().ok().filter(|most| *most > 0.0 && *most <= 240.0);
        ask.minutes = minutes
            .ok_or_else(|| format!("is a number above 0 and at most 240, and {text:?} is not"))?;
        Ok(())
    });
    if faults.is_empty() { Ok(ask) } else { Err(Problem::Invalid { faults }) }
}
