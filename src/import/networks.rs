//! From a map to what the register keeps of it: prepared street networks, and the minutes they give.

use chrono::NaiveDate;

use super::ReferenceSet;
use super::streets::{self, StreetsFault};
use crate::geography::{Geography, describe, sha256};
use crate::register::{Minutes, ReferenceKind, Register};
use crate::travel::{
    BuildReport, Damaged, Island, Mode, Network, Placing, Profile, SpeedTable, TravelTimes, build,
    by_street, decode_streets, encode_streets,
};

/// What a map is read with.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// As the user names it.
    pub file: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// In words, for every result that rests on it.
    pub source: &'a str,
    /// The day it describes.
    pub as_of: NaiveDate,
    /// How fast, and over what.
    pub speeds: &'a SpeedTable,
}

/// A network as it came out, for whoever prepares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// Whom it is for.
    pub profile: Profile,
    /// Junctions, vertices once restricted junctions are split, and segments.
    pub size: (usize, usize, usize),
    /// Parts cut off from the largest, longest first.
    pub islands: Vec<Island>,
    /// What was kept of the map, and what not.
    pub report: BuildReport,
}

/// Why no minutes could be made.
#[derive(Debug, thiserror::Error)]
pub enum NetworksFault {
    /// The map.
    #[error(transparent)]
    Map(#[from] StreetsFault),
    /// A stored network.
    #[error(transparent)]
    Stored(#[from] Damaged),
    /// Nothing was made.
    #[error("stopped before the network was ready; nothing was kept")]
    Stopped,
    /// No way to make it from a map.
    #[error("{0} is no mode of a street network; expected walk, step_free_walk or drive")]
    NoStreets(&'static str),
}

/// The kind of reference set the network of a mode is kept as.
pub fn kept_as(mode: Mode) -> Option<ReferenceKind> {
    match mode {
        Mode::Walk => Some(ReferenceKind::WalkStreets),
        Mode::StepFreeWalk => Some(ReferenceKind::StepFreeStreets),
        Mode::Drive => Some(ReferenceKind::DriveStreets),
        Mode::PublicTransport | Mode::StepFreePublicTransport => None,
    }
}

fn profiles(mode: Mode) -> &'static [Profile] {
    match mode {
        Mode::Walk => &[Profile::Walk],
        Mode::StepFreeWalk => &[Profile::SurelyStepFree, Profile::PerhapsStepFree],
        Mode::Drive => &[Profile::Drive],
        Mode::PublicTransport | Mode::StepFreePublicTransport => &[],
    }
}

/// What a network made of this map by these speeds is called in its reference: the same map, speeds and mode need not
/// be prepared again.
pub fn named(asked: &Asked<'_>) -> String {
    let short = |hash: String| hash.chars().take(12).collect::<String>();
    let speeds = serde_json::to_vec(asked.speeds).unwrap_or_default();
    format!(
        "{} (map {}, speeds {})",
        asked.source,
        short(sha256(asked.bytes)),
        short(sha256(&speeds))
    )
}

/// Reads a map and prepares the networks of these modes, each as one reference set. Roads are contracted, so that
/// tables of many pairs come quickly; walking needs no such preparing. `progress` hears a share from 0 to 1 and what is
/// done, and says `false` to stop.
pub fn prepare(
    asked: &Asked<'_>,
    modes: &[Mode],
    progress: &mut dyn FnMut(f64, &str) -> bool,
) -> Result<(Vec<ReferenceSet>, Vec<Prepared>), NetworksFault> {
    let goes_on = |go: bool| if go { Ok(()) } else { Err(NetworksFault::Stopped) };
    goes_on(progress(0.0, "reading the map"))?;
    let reading = streets::read(asked.file, asked.bytes)?;
    let (mut sets, mut told) = (Vec::new(), Vec::new());
    for (done, mode) in modes.iter().enumerate() {
        let share = |part: f64| (done as f64 + part) / modes.len().max(1) as f64;
        let kind = kept_as(*mode).ok_or(NetworksFault::NoStreets(mode.key()))?;
        let mut networks: Vec<Network> = Vec::new();
        for profile in profiles(*mode) {
            goes_on(progress(share(0.1), mode.label()))?;
            let (mut network, report) = build(&reading.osm, *profile, asked.speeds);
            if *profile == Profile::Drive {
                goes_on(network.prepare(&mut |part| progress(share(part), mode.label())))?;
            }
            let islands = network.islands.clone();
            told.push(Prepared { profile: *profile, size: network.size(), islands, report });
            networks.push(network);
        }
        let segments = networks.first().map_or(0, |network| network.size().2);
        let bytes = encode_streets(&networks);
        let reference = describe(kind, &bytes, segments, &named(asked), asked.as_of);
        sets.push(ReferenceSet { reference, bytes });
    }
    Ok((sets, told))
}

/// The minutes a kept network gives to the register's zones and located sites, as a reference set.
pub fn minutes(
    network: &ReferenceSet,
    register: &Register,
    geography: &Geography,
    limit: Minutes,
    threads: usize,
) -> Result<Option<(ReferenceSet, TravelTimes, Vec<Placing>)>, NetworksFault> {
    let networks = decode_streets(&network.bytes)?;
    let sites = register.located(|_| true);
    let pinned = &network.reference;
    let made = by_street(
        &networks,
        &geography.zones,
        &sites,
        limit,
        (&pinned.source, &pinned.hash),
        threads,
    );
    Ok(made.map(|made| {
        let (set, times) = kept(made.times, &pinned.source, pinned.as_of);
        (set, times, made.placings)
    }))
}

/// Minutes as a reference set.
pub fn kept(times: TravelTimes, source: &str, as_of: NaiveDate) -> (ReferenceSet, TravelTimes) {
    (kept_as_kind(times.mode.kept_as(), &times, source, as_of), times)
}

/// Minutes as a reference set of a kind that is not the usual one of their mode, such as late arrivals.
pub fn kept_as_kind(
    kind: ReferenceKind,
    times: &TravelTimes,
    source: &str,
    as_of: NaiveDate,
) -> ReferenceSet {
    let bytes = times.encode();
    let pairs = times.rows.iter().map(Vec::len).sum();
    ReferenceSet { reference: describe(kind, &bytes, pairs, source, as_of), bytes }
}
