//! Isochrones of a register: by the street network or the timetable kept for the mode, else by straight line, and saying
//! which.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use geo::{BooleanOps as _, MultiPolygon};
use serde_json::{Map, Value, json};

use super::app::App;
use super::estate::Estate;
use super::problem::Problem;
use crate::config;
use crate::export::geojson;
use crate::import::networks;
use crate::register::{Minutes, Point, ReferenceKind};
use crate::travel::{
    FAR, Journeys, Maker, Mode, Network, Profile, Rider, Snap, StraightLine, Towards, Walking,
    clock, decode_streets, decode_timetable, judging_maker, mode_of, square_side,
    straight_isochrone,
};

/// Minutes an isochrone may have at most: four hours.
pub(super) const MOST_MINUTES: f64 = 240.0;
const MOST_MILLISECONDS: u32 = 240 * 60_000;

/// Of the departures of the window, as kept minutes and standards count them.
const CENTILE: u8 = 50;

/// What was asked for last of each mode, by the hashes of its sets: read from the store once.
#[derive(Default)]
pub(super) struct Networks {
    streets: Mutex<BTreeMap<Mode, Kept>>,
    timetables: Mutex<BTreeMap<Mode, Arc<Ridden>>>,
}

#[derive(Clone)]
struct Kept {
    source: String,
    hash: String,
    /// The one, or of step-free ways the one that surely is first.
    networks: Arc<Vec<Network>>,
}

impl Kept {
    fn walking(&self) -> Option<Walking<'_>> {
        self.networks.first().map(Walking::Streets)
    }
}

/// The day of the kept timetable for whoever travels by a mode, and how they walk.
pub(super) struct Ridden {
    hash: String,
    streets: Option<Kept>,
    on_foot: StraightLine,
    journeys: Journeys,
    maker: Maker,
    /// The longest walk to, between and from stops, minutes.
    farthest_walk_minutes: f64,
}

impl Ridden {
    fn walking(&self) -> Walking<'_> {
        let streets = self.streets.as_ref().and_then(Kept::walking);
        streets.unwrap_or(Walking::Straight(self.on_foot))
    }

    fn is_of(&self, hash: &str, streets: Option<&Kept>) -> bool {
        let pinned = |kept: &Kept| kept.hash.clone();
        self.hash == hash && self.streets.as_ref().map(pinned) == streets.map(pinned)
    }
}

/// Whence a place is reached.
pub(super) struct Isochrone {
    pub(super) mode: Mode,
    pub(super) minutes: f64,
    /// EPSG:27700; empty where only streets of which nobody has recorded whether they are step-free are near.
    pub(super) shape: MultiPolygon<f64>,
    /// The same if all that nobody has recorded is step-free. `None` where nothing hangs on that.
    pub(super) perhaps: Option<Perhaps>,
    /// How it was made, in words.
    pub(super) maker: String,
    /// Whose minutes standards by this mode are held against, in words; `None` where they are of the same make.
    pub(super) assessed_by: Option<String>,
    /// Whether it is all that lies within a straight line's reach.
    pub(super) is_circle: bool,
    /// Whether it knows no streets.
    pub(super) is_approximate: bool,
    /// From the place to the street it is reached by, told and not travelled.
    snap_metres: Option<f64>,
    pub(super) at: Point,
    way: Way,
}

/// Whence a place is reached if all that nobody has recorded is step-free.
pub(super) struct Perhaps {
    /// EPSG:27700; it holds what is surely reached.
    pub(super) shape: MultiPolygon<f64>,
    maker: String,
    /// To the street of this network, which may be another.
    snap_metres: f64,
}

/// Which of two outlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// By ways that surely are step-free.
    Surely,
    /// By those, and by what nobody has recorded.
    Perhaps,
}

impl Certainty {
    /// In addresses and properties.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Surely => "surely",
            Self::Perhaps => "perhaps",
        }
    }
}

/// The network of ways that perhaps are step-free, where one is kept, and where a place is on it: each network has its own
/// nearest street.
fn perhaps_at(networks: &[Network], at: Point) -> Option<(&Network, Snap)> {
    let network = networks.get(1)?;
    Some((network, network.snap(at)?))
}

enum Way {
    Straight(StraightLine),
    /// `None` where only streets that perhaps are step-free are near.
    Street(Arc<Vec<Network>>, Option<Snap>),
    Timetable(Arc<Ridden>, Towards),
}

impl Isochrone {
    /// Of the newest register.
    pub(super) fn of(
        app: &App,
        estate: &Estate,
        (mode, minutes): (Mode, f64),
        at: Point,
    ) -> Result<Self, Problem> {
        let figures = config::assumptions().map_err(Problem::internal)?;
        let pace = StraightLine::of(mode, &figures).map_err(Problem::internal)?;
        let judged = judging_maker(&estate.snapshot.geography, mode, pace);
        let by_what_is_kept = match networks::kept_as(mode) {
            Some(_) => Self::by_street(app, estate, (mode, minutes), at, &judged)?,
            None => Self::by_timetable(app, estate, (mode, minutes), at, &judged)?,
        };
        let why = match by_what_is_kept {
            Ok(isochrone) => return Ok(isochrone),
            Err(why) => why,
        };
        let maker = Maker::from(pace);
        Ok(Self {
            mode,
            minutes,
            shape: straight_isochrone(at, Minutes(minutes), pace),
            perhaps: None,
            maker: format!("{maker}; {why}"),
            assessed_by: otherwise(&judged, &maker),
            is_circle: true,
            is_approximate: true,
            snap_metres: None,
            at,
            way: Way::Straight(pace),
        })
    }

    /// Or why not.
    fn by_street(
        app: &App,
        estate: &Estate,
        (mode, minutes): (Mode, f64),
        at: Point,
        judged: &Maker,
    ) -> Result<Result<Self, String>, Problem> {
        let Some(kept) = kept(app, estate, mode)? else {
            return Ok(Err("no street network is kept for it".to_owned()));
        };
        let Some(network) = kept.networks.first() else {
            return Ok(Err("the street network kept holds no street".to_owned()));
        };
        let speeds = &network.speeds;
        let snap = network.snap(at);
        let perhaps = perhaps_at(&kept.networks, at);
        if snap.is_none() && perhaps.is_none() {
            return Ok(Err(nowhere_near(network)));
        }
        let maker = Maker::StreetNetwork {
            source: kept.source.clone(),
            network: kept.hash.clone(),
            speeds: speeds.name.clone(),
            metres_per_minute: match mode_of(network.profile) {
                Mode::Walk => Some(speeds.walk.metres_per_minute),
                Mode::StepFreeWalk => Some(speeds.step_free.metres_per_minute),
                _ => None,
            },
        };
        let reached = |snap| network.isochrone(snap, Minutes(minutes));
        let shape = snap.map_or_else(|| MultiPolygon::new(Vec::new()), reached);
        let sure = if mode == Mode::StepFreeWalk {
            ", only by ways that surely are step-free"
        } else {
            ""
        };
        let side = square_side(network.profile);
        let drawn = format!("drawn as the squares of {side} m that such street touches");
        let nothing = match snap {
            Some(_) => String::new(),
            None => format!("; {}, so nothing is surely reached", nowhere_near(network)),
        };
        let perhaps = perhaps.map(|(network, snap)| Perhaps {
            shape: network.isochrone(snap, Minutes(minutes)).union(&shape),
            maker: format!(
                "{maker}, by ways that are step-free if all that nobody has recorded is; {drawn}"
            ),
            snap_metres: snap.metres,
        });
        Ok(Ok(Self {
            mode,
            minutes,
            shape,
            perhaps,
            assessed_by: otherwise(judged, &maker),
            maker: format!("{maker}{sure}; {drawn}{nothing}"),
            is_circle: false,
            is_approximate: false,
            snap_metres: snap.map(|snap| snap.metres),
            at,
            way: Way::Street(Arc::clone(&kept.networks), snap),
        }))
    }

    /// Or why not.
    fn by_timetable(
        app: &App,
        estate: &Estate,
        (mode, minutes): (Mode, f64),
        at: Point,
        judged: &Maker,
    ) -> Result<Result<Self, String>, Problem> {
        let ridden = match ridden(app, estate, mode)? {
            Ok(ridden) => ridden,
            Err(why) => return Ok(Err(why.to_owned())),
        };
        let walking = ridden.walking();
        let (snap_metres, drawn) = match walking {
            Walking::Streets(network) => {
                let Some(snap) = network.snap(at) else { return Ok(Err(nowhere_near(network))) };
                let side = square_side(network.profile);
                let drawn = format!(
                    "squares of {side} m that street touches whose middle, in pieces of at most 50 m, is within"
                );
                (Some(snap.metres), drawn)
            }
            Walking::Straight(_) => (None, "squares of 100 m whose middle is within".to_owned()),
        };
        let sure = if mode == Mode::StepFreePublicTransport {
            ", only by ways, stops and vehicles that surely are step-free"
        } else {
            ""
        };
        let towards = ridden.journeys.towards(walking, at, Minutes(minutes));
        let shape = towards.isochrone(walking, CENTILE, threads());
        let maker = format!(
            "{}{sure}, one departure a minute towards the place, with walks of at most {} minutes to, between and from stops, or on foot all the way; drawn as the {drawn}",
            ridden.maker, ridden.farthest_walk_minutes
        );
        Ok(Ok(Self {
            mode,
            minutes,
            shape,
            perhaps: None,
            maker,
            assessed_by: otherwise(judged, &ridden.maker),
            is_circle: false,
            is_approximate: matches!(walking, Walking::Straight(_)),
            snap_metres,
            at,
            way: Way::Timetable(Arc::clone(&ridden), towards),
        }))
    }

    /// Whether each of these is within the minutes: by the search itself, not by the drawing.
    pub(super) fn reached_from(&self, places: &[Point]) -> Vec<bool> {
        match &self.way {
            Way::Straight(pace) => places
                .iter()
                .map(|from| pace.minutes(from.metres_to(self.at)).0 <= self.minutes)
                .collect(),
            Way::Street(networks, snap) => networks.first().zip(*snap).map_or_else(
                || vec![false; places.len()],
                |(network, snap)| network.reach_within(places, snap, Minutes(self.minutes)),
            ),
            Way::Timetable(ridden, towards) => {
                let took = towards.minutes(ridden.walking(), places, CENTILE, threads());
                took.into_iter().map(|minutes| minutes.is_some()).collect()
            }
        }
    }

    /// The same if all that nobody has recorded is step-free; `None` where nothing hangs on that.
    pub(super) fn perhaps_reached_from(&self, places: &[Point]) -> Option<Vec<bool>> {
        let Way::Street(networks, _) = &self.way else { return None };
        let (network, snap) = perhaps_at(networks, self.at)?;
        let wider = network.reach_within(places, snap, Minutes(self.minutes));
        let sure = self.reached_from(places);
        Some(sure.into_iter().zip(wider).map(|(sure, wider)| sure || wider).collect())
    }

    /// Whether anything is surely reached: not so where only streets that perhaps are step-free are near.
    pub(super) fn is_surely_reached(&self) -> bool {
        !self.shape.0.is_empty()
    }

    /// How what is drawn was made: where nothing is surely reached, what perhaps is.
    pub(super) fn made(&self) -> &str {
        match &self.perhaps {
            Some(perhaps) if !self.is_surely_reached() => &perhaps.maker,
            _ => &self.maker,
        }
    }

    /// As a GeoJSON feature, WGS84: of what is surely reached, or of what would be if all that nobody has recorded is
    /// step-free. `None` where the shape leaves the area of the National Grid, or where nothing hangs on that.
    pub(super) fn feature(&self, certainty: Certainty) -> Option<Value> {
        let (shape, maker, snap_metres) = match certainty {
            Certainty::Surely => (&self.shape, &self.maker, self.snap_metres),
            Certainty::Perhaps => {
                let Perhaps { shape, maker, snap_metres } = self.perhaps.as_ref()?;
                (shape, maker, Some(*snap_metres))
            }
        };
        let certainty = self.perhaps.as_ref().map(|_| certainty.key());
        let mut told = Map::new();
        told.insert("certainty".to_owned(), json!(certainty));
        told.insert("mode".to_owned(), json!(self.mode.key()));
        told.insert("minutes".to_owned(), json!(self.minutes));
        told.insert("maker".to_owned(), json!(maker));
        told.insert("assessed_by".to_owned(), json!(self.assessed_by));
        told.insert("approximate".to_owned(), json!(self.is_approximate));
        told.insert("departures".to_owned(), self.departures());
        told.insert("snap_metres".to_owned(), json!(snap_metres));
        told.insert("easting".to_owned(), json!(self.at.easting()));
        told.insert("northing".to_owned(), json!(self.at.northing()));
        geojson::outline(shape, told)
    }

    /// Which departures the minutes are of; null where none are.
    fn departures(&self) -> Value {
        let Way::Timetable(ridden, _) = &self.way else { return Value::Null };
        let Maker::Timetable { date, window: (first, last), centile, changes, .. } = &ridden.maker
        else {
            return Value::Null;
        };
        json!({
            "direction": "to_the_place",
            "date": date,
            "first": clock(*first),
            "last": clock(*last),
            "centile": centile,
            "changes": changes,
        })
    }
}

/// Whose minutes standards are held against, where what is drawn is not of the same make.
fn otherwise(judged: &Maker, drawn: &Maker) -> Option<String> {
    (judged != drawn).then(|| match judged {
        Maker::Nobody => "no minutes, for none are kept".to_owned(),
        judged => judged.to_string(),
    })
}

fn nowhere_near(network: &Network) -> String {
    let metres = network.speeds.farthest_snap_metres;
    let street = match network.profile {
        Profile::SurelyStepFree => "street that surely is step-free",
        _ => "street",
    };
    format!("the street network kept has no {street} within {metres} m of the place")
}

/// A request is answered by no more than a few threads, so that others are answered meanwhile.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(4)
}

/// The way there from one place.
pub(super) enum FromPlace {
    /// By street; `None` where only streets that perhaps are step-free are near.
    Street(Arc<Vec<Network>>, Option<Snap>),
    /// By timetable.
    Timetable(Arc<Ridden>, Point),
}

impl FromPlace {
    /// By the network or the timetable kept for the mode; `None` where none is, or where the place is on no street of it.
    pub(super) fn of(
        app: &App,
        estate: &Estate,
        mode: Mode,
        at: Point,
    ) -> Result<Option<Self>, Problem> {
        if networks::kept_as(mode).is_none() {
            let Ok(ridden) = ridden(app, estate, mode)? else { return Ok(None) };
            let is_off = match ridden.walking() {
                Walking::Streets(network) => network.snap(at).is_none(),
                Walking::Straight(_) => false,
            };
            return Ok((!is_off).then_some(Self::Timetable(ridden, at)));
        }
        let Some(kept) = kept(app, estate, mode)? else { return Ok(None) };
        let snap = kept.networks.first().and_then(|network| network.snap(at));
        let is_near = snap.is_some() || perhaps_at(&kept.networks, at).is_some();
        Ok(is_near.then_some(Self::Street(kept.networks, snap)))
    }

    /// What minutes are by, in a word.
    pub(super) fn by(&self) -> &'static str {
        match self {
            Self::Street(..) => "by street",
            Self::Timetable(..) => "by timetable",
        }
    }

    /// Minutes to each place, of step-free ways by those that surely are; `None` where there is no way of at most
    /// [`MOST_MINUTES`].
    pub(super) fn minutes(&self, places: &[Point]) -> Vec<Option<f64>> {
        let (networks, from) = match self {
            Self::Street(networks, snap) => (networks, *snap),
            Self::Timetable(ridden, at) => {
                let (journeys, walking) = (&ridden.journeys, ridden.walking());
                let found = journeys.minutes_from(walking, *at, places, CENTILE, threads());
                return found.into_iter().map(|minutes| Some(minutes?.0)).collect();
            }
        };
        let mut minutes = vec![None; places.len()];
        let Some((network, from)) = networks.first().zip(from) else { return minutes };
        let (at, snaps): (Vec<usize>, Vec<Snap>) = places
            .iter()
            .enumerate()
            .filter_map(|(at, place)| Some((at, network.snap(*place)?)))
            .unzip();
        for (at, ms) in at.into_iter().zip(network.from_place(from, &snaps, MOST_MILLISECONDS)) {
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
    let held = || app.networks.streets.lock().unwrap_or_else(PoisonError::into_inner);
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

/// The timetable kept, ready for whoever travels by this mode of public transport; or why there is none.
fn ridden(
    app: &App,
    estate: &Estate,
    mode: Mode,
) -> Result<Result<Arc<Ridden>, &'static str>, Problem> {
    let Some(reference) = estate.register().reference(ReferenceKind::Timetable) else {
        return Ok(Err("no timetable is kept"));
    };
    let (rider, by) = match mode {
        Mode::StepFreePublicTransport => (Rider::SurelyStepFree, Mode::StepFreeWalk),
        _ => (Rider::Anyone, Mode::Walk),
    };
    let streets = kept(app, estate, by)?;
    if rider == Rider::SurelyStepFree && streets.is_none() {
        return Ok(Err("no step-free streets are kept, so no way to a stop is surely step-free"));
    }
    let held = || app.networks.timetables.lock().unwrap_or_else(PoisonError::into_inner);
    let is_same = |ridden: &&Arc<Ridden>| ridden.is_of(&reference.hash, streets.as_ref());
    if let Some(ridden) = held().get(&mode).filter(is_same) {
        return Ok(Ok(Arc::clone(ridden)));
    }
    // Not under the lock, as above.
    let bytes = app.store.reference_set(&app.scope(), reference)?;
    let kept = decode_timetable(&bytes).map_err(Problem::internal)?;
    let walking = streets.as_ref().and_then(Kept::walking);
    let walking = walking.unwrap_or(Walking::Straight(kept.on_foot));
    let journeys = Journeys::new(&kept, rider, walking, Minutes(MOST_MINUTES), threads());
    let ridden = Arc::new(Ridden {
        hash: reference.hash.clone(),
        on_foot: kept.on_foot,
        journeys,
        maker: Maker::Timetable {
            source: kept.named(&reference.source, streets.as_ref().map(|by| by.source.as_str())),
            timetable: reference.hash.clone(),
            date: kept.date,
            window: kept.window,
            centile: CENTILE,
            changes: kept.changes,
        },
        farthest_walk_minutes: kept.rules.farthest_walk_minutes,
        streets,
    });
    held().insert(mode, Arc::clone(&ridden));
    Ok(Ok(ridden))
}
