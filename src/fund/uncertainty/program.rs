//! A formula made ready to be worked out ten thousand times: what no draw changes is worked out once.

use std::collections::BTreeMap;

use super::super::workings::Figures;
use super::super::{Formula, Lever};
use crate::register::Assumptions;

/// What a draw sets.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    /// The site's price, as a factor.
    pub(super) price: f64,
    /// Drawn figures; the first is the space that moving services take, as a factor.
    pub(super) figures: Vec<f64>,
}

/// The steps, for a stack.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Program(Vec<Step>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Push(f64),
    Figure(usize),
    Price,
    Plus,
    Times,
    Over,
    Rest,
    AtLeast,
    AtMost,
    Due(f64, f64),
}

impl Program {
    /// Steps of a formula. `slots` says where each drawn figure is; all others stay as the set has them. The order of
    /// arithmetic is the formula's own, so central slots give its central value to the last bit.
    pub(super) fn of(formula: &Formula, set: &Assumptions, slots: &BTreeMap<&str, usize>) -> Self {
        let mut steps = Vec::new();
        write(formula, set, slots, &mut steps);
        Self(steps)
    }

    pub(super) fn value(&self, slots: &Slots) -> f64 {
        // Formulas are a few parts deep.
        let mut stack = [0.0_f64; 32];
        let mut top = 0;
        for step in &self.0 {
            let mut two = |f: fn(f64, f64) -> f64| {
                top -= 1;
                stack[top - 1] = f(stack[top - 1], stack[top]);
            };
            match *step {
                Step::Plus => two(|a, b| a + b),
                Step::Times => two(|a, b| a * b),
                Step::Over => two(|a, b| a / b),
                Step::AtLeast => two(f64::max),
                Step::AtMost => two(f64::min),
                Step::Rest => stack[top - 1] = 1.0 - stack[top - 1],
                Step::Due(passed, length) => {
                    stack[top - 1] = (stack[top - 1] - passed).clamp(0.0, length);
                }
                Step::Push(_) | Step::Figure(_) | Step::Price => {
                    stack[top] = match *step {
                        Step::Push(number) => number,
                        Step::Figure(at) => slots.figures[at],
                        _ => slots.price,
                    };
                    top += 1;
                }
            }
        }
        stack[0]
    }
}

/// Whether any draw changes it.
fn is_drawn(formula: &Formula, slots: &BTreeMap<&str, usize>) -> bool {
    let mut found = false;
    formula.visit_but_prices(&mut |part| {
        found |= match part {
            Formula::Figure(key) => slots.contains_key(&**key),
            Formula::Scaled(lever, _) => matches!(lever, Lever::Price | Lever::Space),
            _ => false,
        };
    });
    found
}

fn write(
    formula: &Formula,
    set: &Assumptions,
    slots: &BTreeMap<&str, usize>,
    steps: &mut Vec<Step>,
) {
    if !is_drawn(formula, slots) {
        steps.push(Step::Push(formula.value(&Figures { set, levers: [1.0; 4] })));
        return;
    }
    let mut two = |a: &Formula, b: &Formula, step| {
        write(a, set, slots, steps);
        write(b, set, slots, steps);
        steps.push(step);
    };
    match formula {
        Formula::Plus(a, b) => two(a, b, Step::Plus),
        Formula::Times(a, b) => two(a, b, Step::Times),
        Formula::Over(a, b) => two(a, b, Step::Over),
        Formula::AtLeast(a, b) => two(a, b, Step::AtLeast),
        Formula::AtMost(a, b) => two(a, b, Step::AtMost),
        Formula::Rest(a) => {
            write(a, set, slots, steps);
            steps.push(Step::Rest);
        }
        Formula::Due(a, passed, length) => {
            write(a, set, slots, steps);
            steps.push(Step::Due(*passed, *length));
        }
        Formula::Scaled(Lever::Price, a) => {
            // The spread of a price is the site's own; what it is made of stays central.
            steps.push(Step::Push(a.value(&Figures { set, levers: [1.0; 4] })));
            steps.extend([Step::Price, Step::Times]);
        }
        Formula::Scaled(Lever::Space, a) => {
            write(a, set, slots, steps);
            steps.extend([Step::Figure(0), Step::Times]);
        }
        Formula::Scaled(_, a) => write(a, set, slots, steps),
        Formula::Figure(key) => steps.push(slots.get(&**key).map_or_else(
            || Step::Push(set.value(key).unwrap_or(f64::NAN)),
            |slot| Step::Figure(*slot),
        )),
        Formula::Number(number) | Formula::Known(_, number) => steps.push(Step::Push(*number)),
    }
}
