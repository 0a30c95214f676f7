//! For whom a question is asked. Every call of the store takes one, so a question without one cannot be written.

/// Which boroughs a principal may see and change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boroughs {
    /// Every one. Sign-in brings narrower ones.
    All,
}

/// A principal and what it may see. There is no default: each constructor says who stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    principal: String,
    boroughs: Boroughs,
}

impl Scope {
    /// Anyone at this machine: the service before sign-in, bound to loopback.
    pub fn everyone_local() -> Self {
        Self { principal: "anyone at this machine".to_owned(), boroughs: Boroughs::All }
    }

    /// Whoever runs the program with the database's address in hand.
    pub fn command_line() -> Self {
        Self { principal: "command line".to_owned(), boroughs: Boroughs::All }
    }

    /// Who asks.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// What they may see.
    pub fn boroughs(&self) -> &Boroughs {
        &self.boroughs
    }
}
