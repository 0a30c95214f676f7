//! The formats of J. E. Beasley's OR-Library.

use super::words::Words;
use super::{Fault, Reading};
use crate::classic::{self, Customer, Source};
use crate::problem::Problem;

/// All distances between vertices are held at once; the published files end at 900.
const MOST_VERTICES: usize = 3000;

/// `m n`, then capacity and cost a site, then demand and the cost of serving all of it from each site a customer.
pub(super) fn capacitated(bytes: &[u8], reading: &Reading) -> Result<Problem, Fault> {
    let mut words = Words::of(bytes);
    let sites = words.count("number of sites")?;
    let customers = words.count("number of customers")?;
    let mut sources = Vec::new();
    for i in 1..=sites {
        let capacity =
            words.amount_or(("capacity", reading.capacity), || format!("capacity of site {i}"))?;
        let cost = words.number(|| format!("cost of opening site {i}"))?;
        sources.push(Source { capacity, cost });
    }
    let mut served = Vec::new();
    for r in 1..=customers {
        let demand = words.amount(|| format!("demand of customer {r}"))?;
        let mut costs = Vec::new();
        for i in 1..=sites {
            costs.push(words.number(|| format!("cost of customer {r} at site {i}"))?);
        }
        if costs.is_empty() {
            return Err(nowhere(r));
        }
        served.push(Customer { demand, costs });
    }
    words.end()?;
    Ok(classic::capacitated(&sources, &served, reading.division))
}

fn nowhere(r: usize) -> Fault {
    Fault::Word {
        line: 1,
        field: format!("sites for customer {r}"),
        found: "0".to_owned(),
        wanted: "at least 1".to_owned(),
    }
}

/// `n edges p`, then edges; a repeated edge takes the last cost.
pub(super) fn median(bytes: &[u8], reading: &Reading) -> Result<Problem, Fault> {
    let (far, p) = shortest_paths(bytes)?;
    Ok(classic::p_median(&far, reading.p.unwrap_or(p)))
}

/// The distances of a `pmed` file between all vertices, not finite where there is no way, and its `p`.
pub fn shortest_paths(bytes: &[u8]) -> Result<(Vec<Vec<f64>>, usize), Fault> {
    let mut words = Words::of(bytes);
    let n = words.whole(|| "number of vertices".to_owned(), 1, MOST_VERTICES)?;
    let edges = words.count("number of edges")?;
    let p = words.whole(|| "sites to open".to_owned(), 1, n)?;
    let mut far = vec![vec![f64::INFINITY; n]; n];
    for e in 1..=edges {
        let from = words.whole(|| format!("first end of edge {e}"), 1, n)? - 1;
        let to = words.whole(|| format!("second end of edge {e}"), 1, n)? - 1;
        let length = words.amount(|| format!("length of edge {e}"))?;
        far[from][to] = length;
        far[to][from] = length;
    }
    words.end()?;
    for (i, row) in far.iter_mut().enumerate() {
        row[i] = 0.0;
    }
    for via in 0..n {
        let onward = far[via].clone();
        for row in &mut far {
            let first = row[via];
            for (direct, second) in row.iter_mut().zip(&onward) {
                *direct = direct.min(first + second);
            }
        }
    }
    Ok((far, p))
}
