//! Isochrones of a register: by the street network kept for the mode, else by straight line, and saying which.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use geo::MultiPolygon;
use serde_json::{Map, Value, json};

use super::app::App;
use super::estate::Estate;
use super::problem::Problem;
use crate::config;
use crate::export::geojson;
use crate::import::networks;
use crate::register::{Minutes, Point};
use crate::travel::{
    FAR, Maker, Mode, Network, Snap, StraightLine, decode_streets, mode_of, square_side,
    straight_isochrone,
};

/// Minutes an isochrone may have at most: four hours.
pub(super) const MOST_MINUTES: f64 = 240.0;
const MOST_MILLISECONDS: u32 = 240 * 60_000;

/// The network of each mode that was asked for last, by the hash of its set: read from the store once.
#[derive(Default)]
pub(super) struct Networks(Mutex<BTreeMap<Mode, Kept>>);

#[derive(Clone)]
struct Kept {
    source: String,
    hash: String,
    /// The one, or of step-free ways the one that surely is first.
    networks: Arc<Vec<Network>>,
}

/// Whence a place is reached.
pub(super) struct Isochrone {
    pub(super) mode: Mode,
    pub(super) minutes: f64,
    /// EPSG:27700.
    pub(super) shape: MultiPolygon<f64>,
    /// How it was made, in words.
    pub(super) maker: String,
    /// Whether it knows no streets.
    pub(super) is_approximate: bool,
    /// From the place to the street it is reached by, told and not travelled.
    snap_metres: Option<f64>,
    pub(super) at: Point,
    way: Way,
}

enum Way {
    Straight(StraightLine),
    Street(Arc<Vec<Network>>, Snap),
}

impl Isochrone {
    /// Of the newest register.
    pub(super) fn of(
        app: &App,
        estate: &Estate,
        (mode, minutes): (Mode, f64),
        at: Point,
    ) -> Result<Self, Problem> {
        let kept = kept(app, estate, mode)?;
        let mut why = match networks::kept_as(mode) {
            Some(_) => "no street network is kept for it",
            None => {
                "of a timetable only the minutes between small areas and sites are kept, and not its trips, so nothing else can be reached by it"
            }
        }
        .to_owned();
        if let Some(kept) = kept
            && let Some(network) = kept.networks.first()
        {
            let speeds = &network.speeds;
            if let Some(snap) = network.snap(at) {
                let maker = Maker::StreetNetwork {
                    source: kept.source,
                    network: kept.hash,
                    speeds: speeds.name.clone(),
                    metres_per_minute: match mode_of(network.profile) {
                        Mode::Walk => Some(speeds.walk.metres_per_minute),
                        Mode::StepFreeWalk => Some(speeds.step_free.metres_per_minute),
                        _ => None,
                    },
                };
                let sure = if mode == Mode::StepFreeWalk {
                    ", only by ways that surely are step-free"
                } else {
                    ""
                };
                let side = square_side(network.profile);
                return Ok(Self {
                    mode,
                    minutes,
                    shape: network.isochrone(snap, Minutes(minutes)),
                    maker: format!(
                        "{maker}{sure}; drawn as the squares of {side} m that such street touches"
                    ),
                    is_approximate: false,
                    snap_metres: Some(snap.metres),
                    at,
                    way: Way::Street(Arc::clone(&kept.networks), snap),
                });
            }
            why = format!(
                "the street network kept has no street within {} m of the place",
                speeds.farthest_snap_metres
            );
        }
        let figures = config::assumptions().map_err(Problem::internal)?;
        let pace = StraightLine::of(mode, &figures).map_err(Problem::internal)?;
        Ok(Self {
            mode,
            minutes,
            shape: straight_isochrone(at, Minutes(minutes), pace),
            maker: format!("{}; {why}", Maker::from(pace)),
            is_approximate: true,
            snap_metres: None,
            at,
            way: Way::Straight(pace),
        })
    }

    /// Whether each of these is within the minutes: by the search itself, not by the drawing.
    pub(super) fn reached_from(&self, places: &[Point]) -> Vec<bool> {
        match &self.way {
            Way::Straight(pace) => places
                .iter()
                .map(|from| pace.minutes(from.metres_to(self.at)).0 <= self.minutes)
                .collect(),
            Way::Street(networks, snap) => networks.first().map_or_else(
                || vec![false; places.len()],
                |network| network.reach_within(places, *snap, Minutes(self.minutes)),
            ),
        }
    }

    /// As a GeoJSON feature, WGS84.
    pub(super) fn feature(&self) -> Option<Value> {
        let mut told = Map::new();
        told.insert("mode".to_owned(), json!(self.mode.key()));
        told.insert("minutes".to_owned(), json!(self.minutes));
        told.insert("maker".to_owned(), json!(self.maker));
        told.insert("approximate".to_owned(), json!(self.is_approximate));
        told.insert("snap_metres".to_owned(), json!(self.snap_metres));
        told.insert("easting".to_owned(), json!(self.at.easting()));
        told.insert("northing".to_owned(), json!(self.at.northing()));
        geojson::outline(&self.shape, told)
    }
}

/// Streets to travel by from one place.
pub(super) struct FromPlace {
    networks: Arc<Vec<Network>>,
    snap: Snap,
}

impl FromPlace {
    /// By the network kept for the mode; `None` where none is, or where the place is on no street of it.
    pub(super) fn of(
        app: &App,
        estate: &Estate,
        mode: Mode,
        at: Point,
    ) -> Result<Option<Self>, Problem> {
        let Some(kept) = kept(app, estate, mode)? else { return Ok(None) };
        let snap = kept.networks.first().and_then(|network| network.snap(at));
        Ok(snap.map(|snap| Self { networks: kept.networks, snap }))
    }

    /// Minutes to each place, of step-free ways by those that surely are; `None` where there is no way of at most
    /// [`MOST_MINUTES`].
    pub(super) fn minutes(&self, places: &[Point]) -> Vec<Option<f64>> {
        let mut minutes = vec![None; places.len()];
        let Some(network) = self.networks.first() else { return minutes };
        let (at, snaps): (Vec<usize>, Vec<Snap>) = places
            .iter()
            .enumerate()
            .filter_map(|(at, place)| Some((at, network.snap(*place)?)))
            .unzip();
        for (at, ms) in at.into_iter().zip(network.from_place(self.snap, &snaps, MOST_MILLISECONDS))
        {
            if let Some(held) = minutes.get_mut(at).filter(|_| ms < FAR) {
                *held = Some(f64::from(ms) / 60_000.0);
            }
        }
        minutes
    }
}

fn kept(app: &App, estate: &Estate, mode: Mode) -> Result<Option<Kept>, Problem> {
    let pinned = networks::kept_as(mode).and_then(|kind| estate.register().reference(kind));
    let Some(reference) = pinned else { return Ok(None) };
    let held = || app.networks.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = held().get(&mode).filter(|kept| kept.hash == reference.hash) {
        return Ok(Some(kept.clone()));
    }
    // Not under the lock: two requests may both read it, and neither waits for the other.
    let bytes = app.store.reference_set(&app.scope(), reference)?;
    let kept = Kept {
        source: reference.source.clone(),
        hash: reference.hash.clone(),
        networks: Arc::new(decode_streets(&bytes).map_err(Problem::internal)?),
    };
    held().insert(mode, kept.clone());
    Ok(Some(kept))
}
