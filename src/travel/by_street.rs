//! Minutes by street from prepared networks.

use super::graph::index;
use super::{MadeFor, Maker, Missing, Mode, Network, Pair, Profile, Snap, TravelTimes};
use crate::geography::Zones;
use crate::register::{Minutes, Point, SiteCode};

/// A place that could not be put on the network, or only from afar.
#[derive(Debug, Clone, PartialEq)]
pub struct Placing {
    /// Zone or site code.
    pub code: String,
    /// Straight-line metres to the network, which are told and not walked; `None` is more than 10 km.
    pub metres: Option<f64>,
    /// Whether that is near enough for a journey to begin or end there.
    pub is_placed: bool,
    /// It lies on a part that the largest cannot reach and come back from.
    pub is_on_island: bool,
}

/// Minutes by street, and how the places were put on it.
#[derive(Debug, Clone, PartialEq)]
pub struct ByStreet {
    /// The minutes.
    pub times: TravelTimes,
    /// Zones and sites that are not on the network, are more than 100 m from it, or are on an island.
    pub placings: Vec<Placing>,
}

/// A place so near to the network needs no word.
const NEAR: f64 = 100.0;

/// The mode of a network, by whom it is for.
pub fn mode_of(profile: Profile) -> Mode {
    match profile {
        Profile::Walk => Mode::Walk,
        Profile::SurelyStepFree | Profile::PerhapsStepFree => Mode::StepFreeWalk,
        Profile::Drive => Mode::Drive,
    }
}

/// Minutes from every zone to every site within `limit`. `networks` are those of one mode: one, or for step-free the one
/// over what surely is and the one over what perhaps is. `hash` pins them. `None` where there is no network.
pub fn by_street(
    networks: &[Network],
    zones: &Zones,
    sites: &[(SiteCode, Point)],
    limit: Minutes,
    (source, hash): (&str, &str),
    threads: usize,
) -> Option<ByStreet> {
    let sure = networks.first()?;
    let perhaps = networks.get(1);
    let mut sites: Vec<(SiteCode, Point)> = sites.to_vec();
    sites.sort_by(|a, b| a.0.cmp(&b.0));
    sites.dedup_by(|a, b| a.0 == b.0);
    let from: Vec<(String, Point)> =
        zones.iter().map(|zone| (zone.code.clone(), zone.point)).collect();
    let to: Vec<(String, Point)> = sites.iter().map(|(code, at)| (code.to_string(), *at)).collect();
    let mut placings = Vec::new();
    let rows = pairs(sure, &from, &to, limit, threads, &mut placings);
    let perhaps = perhaps.map(|network| {
        let wider = pairs(network, &from, &to, limit, threads, &mut Vec::new());
        sooner(&rows, wider)
    });
    // Whoever is nowhere near a street of the map is not computed; everyone else who has no pair is beyond the limit or
    // has no way, and both are beyond.
    let unplaced = |code: &str| {
        placings.iter().any(|placing: &Placing| placing.code == code && !placing.is_placed)
    };
    let mut exceptions = Vec::new();
    let lost: Vec<u32> =
        to.iter().zip(0..).filter(|((code, _), _)| unplaced(code)).map(|(_, at)| at).collect();
    for ((code, _), zone) in from.iter().zip(0..) {
        if unplaced(code) {
            let all = 0..index(to.len());
            exceptions.extend(all.map(|site| missing(zone, site)));
        } else {
            exceptions.extend(lost.iter().map(|site| missing(zone, *site)));
        }
    }
    let speeds = &sure.speeds;
    let times = TravelTimes {
        mode: mode_of(sure.profile),
        maker: Maker::StreetNetwork {
            source: source.to_owned(),
            network: hash.to_owned(),
            speeds: speeds.name.clone(),
            metres_per_minute: match sure.profile {
                Profile::Walk => Some(speeds.walk.metres_per_minute),
                Profile::SurelyStepFree | Profile::PerhapsStepFree => {
                    Some(speeds.step_free.metres_per_minute)
                }
                Profile::Drive => None,
            },
        },
        limit,
        zones: from.iter().map(|(code, _)| code.clone()).collect(),
        sites: sites.iter().map(|(code, _)| code.clone()).collect(),
        rows,
        absent: Missing::BeyondLimit,
        exceptions,
        perhaps: perhaps.unwrap_or_default(),
        made_for: Some(MadeFor {
            zones: from.iter().map(|(_, at)| *at).collect(),
            sites: to.iter().map(|(_, at)| *at).collect(),
        }),
        hash: String::new(),
    };
    Some(ByStreet { times: times.seal(), placings })
}

fn missing(zone: u32, site: u32) -> super::Exception {
    super::Exception { zone, site, why: Missing::NotComputed }
}

/// A row a zone: the sites within the limit, by one network.
fn pairs(
    network: &Network,
    from: &[(String, Point)],
    to: &[(String, Point)],
    limit: Minutes,
    threads: usize,
    placings: &mut Vec<Placing>,
) -> Vec<Vec<Pair>> {
    let mut place = |(code, at): &(String, Point)| {
        let snap = network.snap(*at);
        let is_on_island = snap.is_some_and(|snap| network.is_island(snap));
        if is_on_island || snap.is_none_or(|snap| snap.metres > NEAR) {
            let metres = snap.map_or_else(|| network.metres_to(*at), |snap| Some(snap.metres));
            let is_placed = snap.is_some();
            placings.push(Placing { code: code.clone(), metres, is_placed, is_on_island });
        }
        snap
    };
    let starts: Vec<Option<Snap>> = from.iter().map(&mut place).collect();
    let ends: Vec<Option<Snap>> = to.iter().map(&mut place).collect();
    let (start_ix, starts) = placed(&starts);
    let (end_ix, ends) = placed(&ends);
    let mut rows: Vec<Vec<Pair>> = vec![Vec::new(); from.len()];
    let mut keep = |start: usize, end: usize, milliseconds: u32| {
        let minutes = f64::from(milliseconds) / 60_000.0;
        if minutes <= limit.0
            && let Some(row) = rows.get_mut(start_ix[start])
        {
            row.push(Pair { site: index(end_ix[end]), minutes: Minutes(minutes) });
        }
    };
    if let Some(table) = network.table(&starts, &ends, threads) {
        for (cell, milliseconds) in table.into_iter().enumerate() {
            let width = ends.len().max(1);
            if milliseconds < super::FAR {
                keep(cell.div_euclid(width), cell.rem_euclid(width), milliseconds);
            }
        }
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to what a u32 holds"
        )]
        let most = (limit.0 * 60_000.0).floor().clamp(0.0, f64::from(super::FAR - 1)) as u32;
        let reached = network.reaching(&starts, &ends, most, threads);
        for (end, row) in reached.into_iter().enumerate() {
            for (start, milliseconds) in row {
                keep(start as usize, end, milliseconds);
            }
        }
    }
    rows
}

fn placed(snaps: &[Option<Snap>]) -> (Vec<usize>, Vec<Snap>) {
    snaps.iter().enumerate().filter_map(|(at, snap)| Some((at, (*snap)?))).unzip()
}

/// Of the wider rows, the pairs that are sooner than the sure row says, or that it does not have.
pub(super) fn sooner(sure: &[Vec<Pair>], wider: Vec<Vec<Pair>>) -> Vec<Vec<Pair>> {
    let of_row = |(sure, wider): (&Vec<Pair>, Vec<Pair>)| {
        let held: std::collections::BTreeMap<u32, f64> =
            sure.iter().map(|pair| (pair.site, pair.minutes.0)).collect();
        let is_sooner =
            |pair: &Pair| held.get(&pair.site).is_none_or(|minutes| pair.minutes.0 < *minutes);
        wider.into_iter().filter(is_sooner).collect()
    };
    sure.iter().zip(wider).map(of_row).collect()
}
