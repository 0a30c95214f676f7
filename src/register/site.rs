//! A site: NHS premises at one place.

use std::collections::BTreeMap;

use super::{
    AccessAnswer, AccessItem, Field, Hectares, Observation, Pence, Point, ReceiptAccruesTo, Scalar,
    SiteCode, SiteStatus, SquareMetres, Tenure, Value, Why, Word,
};

/// A site and every fact known of it. A field nobody has spoken of is `Unknown { why: NotSupplied }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// ODS site code.
    pub code: SiteCode,
    facts: BTreeMap<Field, Value<Scalar>>,
    /// Utilisation surveys, oldest first.
    pub observations: Vec<Observation>,
}

impl Site {
    /// A site nothing is known of yet.
    pub fn new(code: SiteCode) -> Self {
        Self { code, facts: BTreeMap::new(), observations: Vec::new() }
    }

    /// What is known of a field.
    pub fn fact(&self, field: Field) -> Value<Scalar> {
        self.facts.get(&field).cloned().unwrap_or(Value::Unknown { why: Why::NotSupplied })
    }

    /// What has been said of a field, if anything has.
    pub fn held(&self, field: Field) -> Option<&Value<Scalar>> {
        self.facts.get(&field)
    }

    /// What has been said of each field, known or not, in field order.
    pub fn facts(&self) -> impl Iterator<Item = (Field, &Value<Scalar>)> {
        self.facts.iter().map(|(field, value)| (*field, value))
    }

    pub(super) fn set(&mut self, field: Field, value: Value<Scalar>) {
        self.facts.insert(field, value);
    }

    /// The known content of a field.
    pub fn known(&self, field: Field) -> Option<&Scalar> {
        self.facts.get(&field).and_then(Value::get)
    }

    /// A known text.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.known(field).and_then(Scalar::text)
    }

    /// A known word of a closed list.
    pub fn word<W: Word>(&self, field: Field) -> Option<W> {
        self.text(field).and_then(W::find)
    }

    /// A floor area.
    pub fn area(&self, field: Field) -> Option<SquareMetres> {
        self.known(field).and_then(Scalar::number).map(SquareMetres)
    }

    /// A land area.
    pub fn land(&self, field: Field) -> Option<Hectares> {
        self.known(field).and_then(Scalar::number).map(Hectares)
    }

    /// An amount of money.
    pub fn money(&self, field: Field) -> Option<Pence> {
        self.known(field).and_then(Scalar::pence)
    }

    /// The name, or the code where none is known.
    pub fn name(&self) -> &str {
        self.text(Field::Name).unwrap_or(self.code.as_str())
    }

    /// Where it is, if located.
    pub fn location(&self) -> Option<Point> {
        self.known(Field::Location).and_then(Scalar::point)
    }

    /// Pooled small sites: a row with areas but no place. Never indexed, never closed by a plan.
    pub fn is_aggregate(&self) -> bool {
        self.text(Field::IsAggregate) == Some("yes")
    }

    /// Open unless the register says otherwise.
    pub fn status(&self) -> SiteStatus {
        self.word(Field::Status).unwrap_or(SiteStatus::Open)
    }

    /// How it is held.
    pub fn tenure(&self) -> Option<Tenure> {
        self.word(Field::Tenure)
    }

    /// Whose the receipt is.
    pub fn receipt_accrues_to(&self) -> Option<ReceiptAccruesTo> {
        self.word(Field::ReceiptAccruesTo)
    }

    /// The answer to a checklist item; `None` is unknown, which never passes.
    pub fn access(&self, item: AccessItem) -> Option<AccessAnswer> {
        self.word(item.field())
    }

    /// Backlog, works cost to reach condition B: the sum of the four bands where all are known, else the total as
    /// returned, else unknown. A missing band is never zero.
    pub fn backlog(&self) -> Value<Pence> {
        let bands = [
            Field::BacklogHigh,
            Field::BacklogSignificant,
            Field::BacklogModerate,
            Field::BacklogLow,
        ]
        .map(|f| self.fact(f));
        let newest =
            bands.iter().filter_map(Value::evidence).max_by_key(|evidence| evidence.as_of).cloned();
        let sum: Option<Pence> = bands.iter().map(|band| band.get().and_then(Scalar::pence)).sum();
        let total = self.fact(Field::BacklogTotal);
        let total_is_newer = match (total.evidence(), &newest) {
            (Some(total), Some(bands)) => total.as_of > bands.as_of,
            (Some(_), None) => true,
            _ => false,
        };
        match (sum, newest) {
            (Some(value), Some(evidence)) if !total_is_newer => Value::Known { value, evidence },
            _ => total.map(|scalar| scalar.pence().unwrap_or_default()),
        }
    }
}
