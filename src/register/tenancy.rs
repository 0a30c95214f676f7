//! A tenancy: a service line occupying space at one site. It is what moves.

use std::collections::BTreeMap;

use super::{Field, Scalar, ServiceLine, SiteCode, SquareMetres, TenancyId, Value, Why, Word};

/// A tenancy and every fact known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenancy {
    /// Its identity.
    pub id: TenancyId,
    facts: BTreeMap<Field, Value<Scalar>>,
}

impl Tenancy {
    /// A tenancy nothing is known of yet.
    pub fn new(id: TenancyId) -> Self {
        Self { id, facts: BTreeMap::new() }
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

    /// A known number in the field's unit.
    pub fn number(&self, field: Field) -> Option<f64> {
        self.known(field).and_then(Scalar::number)
    }

    /// Where it is.
    pub fn site(&self) -> Option<SiteCode> {
        self.text(Field::TenancySite)?.parse().ok()
    }

    /// What care it gives.
    pub fn service_line(&self) -> Option<ServiceLine> {
        self.text(Field::TenancyServiceLine).and_then(ServiceLine::find)
    }

    /// Open unless the register says otherwise.
    pub fn is_open(&self) -> bool {
        self.text(Field::TenancyStatus) != Some("closed")
    }

    /// The name, or the id where none is known.
    pub fn name(&self) -> &str {
        self.text(Field::TenancyName).unwrap_or(self.id.as_str())
    }

    /// A floor area.
    pub fn area(&self, field: Field) -> Option<SquareMetres> {
        self.number(field).map(SquareMetres)
    }
}
