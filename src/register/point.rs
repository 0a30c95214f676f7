//! A place on the British National Grid.

use serde::{Deserialize, Serialize};

/// EPSG:27700, metres east and north of the grid's false origin. Inside the grid's bounds and finite, always.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
pub struct Point {
    easting: f64,
    northing: f64,
}

/// Coordinates that are not on the grid.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "easting {easting}, northing {northing} is not on the British National Grid (0 to 700,000 by 0 to 1,300,000 m)"
)]
pub struct InvalidPoint {
    /// As given.
    pub easting: f64,
    /// As given.
    pub northing: f64,
}

impl Point {
    /// A point on the grid; NaN, infinities and anything outside 0 to 700,000 by 0 to 1,300,000 m are refused.
    pub fn new(easting: f64, northing: f64) -> Result<Self, InvalidPoint> {
        if (0.0..=700_000.0).contains(&easting) && (0.0..=1_300_000.0).contains(&northing) {
            Ok(Self { easting, northing })
        } else {
            Err(InvalidPoint { easting, northing })
        }
    }

    /// Metres east.
    pub fn easting(self) -> f64 {
        self.easting
    }

    /// Metres north.
    pub fn northing(self) -> f64 {
        self.northing
    }

    /// Straight-line metres to another point.
    pub fn metres_to(self, other: Self) -> f64 {
        (self.easting - other.easting).hypot(self.northing - other.northing)
    }
}

impl TryFrom<[f64; 2]> for Point {
    type Error = InvalidPoint;

    fn try_from([easting, northing]: [f64; 2]) -> Result<Self, InvalidPoint> {
        Self::new(easting, northing)
    }
}

impl From<Point> for [f64; 2] {
    fn from(point: Point) -> Self {
        [point.easting, point.northing]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_off_the_grid_is_a_point() {
        for (easting, northing) in
            [(f64::NAN, 1.0), (1.0, f64::INFINITY), (-0.1, 1.0), (1.0, 1_300_000.1)]
        {
            assert!(Point::new(easting, northing).is_err(), "{easting}, {northing}");
        }
    }
}
