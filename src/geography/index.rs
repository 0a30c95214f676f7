//! The index of sites: what is near a place, and what of that serves.
//!
//! Distances are straight-line metres as [`Point::metres_to`] gives them; ties are broken by site code. A site is in
//! the index if it has a place and may be visited: aggregate rows, unlocated and closed sites are not.

use std::collections::{BTreeMap, BTreeSet};

use geo::MultiPolygon;
use rstar::{AABB, PointDistance, RTree, RTreeObject};

use super::{InvalidOutline, Region};
use crate::register::{
    AccessAnswer, AccessItem, Point, Register, ServiceLine, Site, SiteCode, SiteStatus,
};

/// Sites by place, and by place for each service line.
#[derive(Debug, Clone, Default)]
pub struct SiteIndex {
    /// By code.
    sites: Vec<Place>,
    all: RTree<Leaf>,
    offering: BTreeMap<ServiceLine, Offering>,
}

/// A site and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near<'a> {
    /// Which.
    pub code: &'a SiteCode,
    /// Straight line.
    pub metres: f64,
}

/// Checklist items a site must pass to be an answer. Asking for none asks for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct GatesAsked {
    items: u16,
    may_not_apply: u16,
}

impl GatesAsked {
    /// No gates.
    pub const NONE: Self = Self { items: 0, may_not_apply: 0 };

    /// These items must be answered yes, or not applicable.
    pub fn of(items: impl IntoIterator<Item = AccessItem>) -> Self {
        items.into_iter().fold(Self::NONE, |asked, item| asked.and(item, true))
    }

    /// One item more; where it may not be "not applicable", only yes passes.
    #[must_use]
    pub fn and(self, item: AccessItem, may_not_apply: bool) -> Self {
        let bit = bit(item);
        let also = if may_not_apply { bit } else { 0 };
        Self { items: self.items | bit, may_not_apply: self.may_not_apply | also }
    }

    /// Whether a site surely passes. An unknown answer never does.
    pub fn pass(self, site: &Site) -> bool {
        self.are_met_by(Answers::of(site))
    }

    fn are_met_by(self, answers: Answers) -> bool {
        let passed = answers.yes | (answers.not_applicable & self.may_not_apply);
        self.items & !passed == 0
    }
}

/// A site's checklist, a bit an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Answers {
    yes: u16,
    not_applicable: u16,
}

impl Answers {
    fn of(site: &Site) -> Self {
        let given = |wanted: AccessAnswer| {
            AccessItem::all()
                .filter(|item| site.access(*item) == Some(wanted))
                .fold(0, |bits, item| bits | bit(item))
        };
        Self { yes: given(AccessAnswer::Yes), not_applicable: given(AccessAnswer::NotApplicable) }
    }
}

fn bit(item: AccessItem) -> u16 {
    1 << (item.number() - 1)
}

#[derive(Debug, Clone, PartialEq)]
struct Place {
    code: SiteCode,
    point: Point,
    answers: Answers,
}

/// Where the sites of one service line are.
#[derive(Debug, Clone)]
struct Offering {
    /// Ascending.
    sites: Vec<u32>,
    tree: RTree<Leaf>,
    /// How many sites share a checklist: tells how rare a match is before any is looked for.
    checklists: BTreeMap<Answers, usize>,
}

#[derive(Debug, Clone, Copy)]
struct Leaf {
    at: [f64; 2],
    site: u32,
}

impl RTreeObject for Leaf {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.at)
    }
}

impl PointDistance for Leaf {
    fn distance_2(&self, [x, y]: &[f64; 2]) -> f64 {
        let (east, north) = (self.at[0] - x, self.at[1] - y);
        east * east + north * north
    }
}

/// The tree compares squares, answers are compared in metres: a breath more than rounding can take.
const SLACK: f64 = 1.0 + 1e-12;

/// Searching outwards and testing costs a hundred times what testing alone does (measured), so below one match in a
/// hundred for each answer wanted, the list of the service line is scanned instead.
const SCAN_BELOW: usize = 100;

impl SiteIndex {
    /// Every open or unoccupied, located, single site; and for each service line the sites of its open tenancies.
    pub fn new(register: &Register) -> Self {
        let places = register.sites().filter_map(|site| {
            let is_visitable = !site.is_aggregate() && site.status() != SiteStatus::Closed;
            let point = site.location().filter(|_| is_visitable)?;
            Some(Place { code: site.code.clone(), point, answers: Answers::of(site) })
        });
        let mut index = Self::of(places.collect());

        let mut lines: BTreeMap<ServiceLine, BTreeSet<u32>> = BTreeMap::new();
        for tenancy in register.tenancies().filter(|tenancy| tenancy.is_open()) {
            let site = tenancy.site().and_then(|code| index.find(&code));
            if let (Some(site), Some(line)) = (site, tenancy.service_line()) {
                lines.entry(line).or_default().insert(site);
            }
        }
        let offering = |sites: BTreeSet<u32>| {
            let sites: Vec<u32> = sites.into_iter().collect();
            let mut checklists = BTreeMap::new();
            for site in &sites {
                *checklists.entry(index.place(*site).answers).or_insert(0) += 1;
            }
            Offering { tree: index.plant(&sites), sites, checklists }
        };
        index.offering = lines.into_iter().map(|(line, sites)| (line, offering(sites))).collect();
        index
    }

    /// Of bare points, without services: sites that are not in a register yet. Of points with one code the first stays.
    pub fn from_points(points: impl IntoIterator<Item = (SiteCode, Point)>) -> Self {
        let bare = |(code, point)| Place { code, point, answers: Answers::default() };
        let mut places: Vec<Place> = points.into_iter().map(bare).collect();
        places.sort_by(|a, b| a.code.cmp(&b.code));
        places.dedup_by(|b, a| a.code == b.code);
        Self::of(places)
    }

    /// Places must come by code.
    fn of(sites: Vec<Place>) -> Self {
        let mut index = Self { sites, ..Self::default() };
        let every = u32::try_from(index.sites.len()).expect("Britain has fewer than 2^32 sites");
        index.all = index.plant(&(0..every).collect::<Vec<_>>());
        index
    }

    fn plant(&self, sites: &[u32]) -> RTree<Leaf> {
        let leaf = |site: &u32| Leaf { at: self.place(*site).point.into(), site: *site };
        RTree::bulk_load(sites.iter().map(leaf).collect())
    }

    fn place(&self, site: u32) -> &Place {
        &self.sites[site as usize]
    }

    fn find(&self, code: &SiteCode) -> Option<u32> {
        let at = self.sites.binary_search_by(|place| place.code.cmp(code)).ok()?;
        u32::try_from(at).ok()
    }

    /// How many sites are in it.
    pub fn len(&self) -> usize {
        self.sites.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Every site in it, by code.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&SiteCode, Point)> {
        self.sites.iter().map(|place| (&place.code, place.point))
    }

    /// Where a site is, if it is in the index.
    pub fn point(&self, code: &SiteCode) -> Option<Point> {
        self.find(code).map(|site| self.place(site).point)
    }

    /// Sites of a service line, by code.
    pub fn offering(&self, line: ServiceLine) -> impl Iterator<Item = &SiteCode> {
        let sites = self.offering.get(&line).map_or([].as_slice(), |offering| &offering.sites);
        sites.iter().map(|site| &self.place(*site).code)
    }

    /// The `k` nearest, nearest first.
    pub fn nearest(&self, at: Point, k: usize) -> Vec<Near<'_>> {
        self.search(&self.all, at, k, |_| true)
    }

    /// The `k` nearest that offer a service line and surely pass the gates, nearest first.
    pub fn nearest_offering(
        &self,
        at: Point,
        k: usize,
        line: ServiceLine,
        gates: &GatesAsked,
    ) -> Vec<Near<'_>> {
        let Some(offering) = self.offering.get(&line) else { return Vec::new() };
        if *gates == GatesAsked::NONE {
            return self.search(&offering.tree, at, k, |_| true);
        }
        let alike = offering.checklists.iter().filter(|(answers, _)| gates.are_met_by(**answers));
        let matches: usize = alike.map(|(_, sites)| sites).sum();
        let passes = |place: &Place| gates.are_met_by(place.answers);
        if matches >= k.saturating_mul(SCAN_BELOW) {
            return self.search(&offering.tree, at, k, passes);
        }
        let mut found = Vec::with_capacity(matches);
        let places = offering.sites.iter().map(|site| self.place(*site));
        found.extend(places.filter(|place| passes(place)).map(|place| place.seen_from(at)));
        by_distance(found, k)
    }

    /// Every site at most so far away, exactly that far included, nearest first.
    pub fn within(&self, at: Point, metres: f64) -> Vec<Near<'_>> {
        let near = self.places_within(at, metres);
        let near = near.map(|(place, metres)| Near { code: &self.place(place).code, metres });
        by_distance(near.collect(), usize::MAX)
    }

    /// The same in no order, by place among [`Self::iter`]: for those who sort a million of them themselves.
    pub(crate) fn places_within(
        &self,
        at: Point,
        metres: f64,
    ) -> impl Iterator<Item = (u32, f64)> + '_ {
        // Not a number and below nought reach nothing: the first comparison of each fails.
        let is_somewhere = metres >= 0.0;
        let reach = if is_somewhere { metres * SLACK } else { 0.0 };
        let leaves = self.all.locate_within_distance(at.into(), reach * reach + f64::MIN_POSITIVE);
        let near = leaves.map(move |leaf| (leaf.site, self.place(leaf.site).point.metres_to(at)));
        near.filter(move |(_, far)| is_somewhere && *far <= metres)
    }

    /// Every site in the polygon or on its boundary, by code. The polygon is in EPSG:27700 metres; one off the grid
    /// or with NaN in it is refused.
    pub fn within_polygon(
        &self,
        polygon: &MultiPolygon<f64>,
    ) -> Result<Vec<&SiteCode>, InvalidOutline> {
        let region = Region::of("the polygon asked for", polygon)?;
        let Some((low, high)) = region.bounds() else { return Ok(Vec::new()) };
        let mut sites: Vec<u32> = self
            .all
            .locate_in_envelope_intersecting(&AABB::from_corners(low, high))
            .filter(|leaf| region.contains(self.place(leaf.site).point))
            .map(|leaf| leaf.site)
            .collect();
        sites.sort_unstable();
        Ok(sites.into_iter().map(|site| &self.place(site).code).collect())
    }

    /// Outwards from the point until `k` are found, and on through their ties.
    fn search(
        &self,
        tree: &RTree<Leaf>,
        at: Point,
        k: usize,
        wanted: impl Fn(&Place) -> bool,
    ) -> Vec<Near<'_>> {
        let mut found = Vec::with_capacity(k.min(tree.size()));
        let mut farthest = if k == 0 { -1.0 } else { f64::INFINITY };
        for (leaf, squared) in tree.nearest_neighbor_iter_with_distance_2(&at.into()) {
            if squared > farthest {
                break;
            }
            let place = self.place(leaf.site);
            if wanted(place) {
                found.push(place.seen_from(at));
                if found.len() == k {
                    farthest = squared * SLACK + f64::MIN_POSITIVE;
                }
            }
        }
        by_distance(found, k)
    }
}

impl Place {
    fn seen_from(&self, at: Point) -> Near<'_> {
        Near { code: &self.code, metres: self.point.metres_to(at) }
    }
}

fn by_distance(mut found: Vec<Near<'_>>, k: usize) -> Vec<Near<'_>> {
    found.sort_unstable_by(|a, b| a.metres.total_cmp(&b.metres).then_with(|| a.code.cmp(b.code)));
    found.truncate(k);
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::NaiveDate;
    use geo::{Intersects, LineString, Polygon};
    use proptest::prelude::*;

    use super::*;
    use crate::register::{Change, ChangeSet, Evidence, Field, Scalar, Value};

    /// A site on a coarse lattice, so that ties and exact distances are common.
    #[derive(Debug, Clone)]
    struct Drawn {
        place: Option<(u16, u16)>,
        status: Option<&'static str>,
        is_aggregate: bool,
        lines: Vec<ServiceLine>,
        answers: [Option<&'static str>; 3],
    }

    const LINES: [ServiceLine; 3] =
        [ServiceLine::PrimaryCare, ServiceLine::Community, ServiceLine::Inclusion];

    fn drawn() -> impl Strategy<Value = Drawn> {
        let answer = prop::option::of(prop::sample::select(vec!["yes", "no", "not_applicable"]));
        (
            prop::option::weighted(0.9, (0_u16..12, 0_u16..12)),
            prop::option::weighted(0.3, prop::sample::select(vec!["open", "closed", "unoccupied"])),
            prop::bool::weighted(0.1),
            prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..3),
            [answer.clone(), answer.clone(), answer],
        )
            .prop_map(|(place, status, is_aggregate, lines, answers)| Drawn {
                place,
                status,
                is_aggregate,
                lines,
                answers,
            })
    }

    fn point((east, north): (u16, u16)) -> Point {
        Point::new(f64::from(east) * 100.0, f64::from(north) * 100.0).unwrap()
    }

    fn item(number: u8) -> AccessItem {
        AccessItem::new(number).unwrap()
    }

    fn register(sites: &[Drawn]) -> Register {
        let as_of = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let evidence =
            Arc::new(Evidence { source: "a test".to_owned(), method: "drawn".to_owned(), as_of });
        let mut changes = Vec::new();
        for (number, drawn) in sites.iter().enumerate() {
            // Codes run against the order of drawing, so that a stable sort cannot pass for a tie-break.
            let code: SiteCode = format!("S{:03}", 999 - number).parse().unwrap();
            let mut say = |field, value| {
                let value = Value::known(value, &evidence);
                changes.push(Change::Site { code: code.clone(), field, value });
            };
            let text = |text: &str| Scalar::Text(text.to_owned());
            say(Field::IsAggregate, text(if drawn.is_aggregate { "yes" } else { "no" }));
            if let Some(place) = drawn.place {
                say(Field::Location, Scalar::Point(point(place)));
            }
            if let Some(status) = drawn.status {
                say(Field::Status, text(status));
            }
            for (number, answer) in (1_u8..).zip(drawn.answers) {
                if let Some(answer) = answer {
                    say(item(number).field(), text(answer));
                }
            }
            for (place, line) in drawn.lines.iter().enumerate() {
                let id: crate::register::TenancyId = format!("{code}-{place}").parse().unwrap();
                for (field, value) in [
                    (Field::TenancySite, text(code.as_str())),
                    (Field::TenancyServiceLine, text(&line.to_string())),
                ] {
                    let value = Value::known(value, &evidence);
                    changes.push(Change::Tenancy { id: id.clone(), field, value });
                }
            }
        }
        Register::default().with(&ChangeSet {
            id: 1,
            author: "test".to_owned(),
            at: as_of.and_hms_opt(0, 0, 0).unwrap(),
            source: "test".to_owned(),
            reason: "test".to_owned(),
            changes,
        })
    }

    /// The definition, in the plainest words: look at every site.
    fn scan(register: &Register, at: Point, wanted: impl Fn(&Site) -> bool) -> Vec<(String, f64)> {
        let mut found: Vec<(String, f64)> = register
            .sites()
            .filter(|site| !site.is_aggregate() && site.status() != SiteStatus::Closed)
            .filter(|site| wanted(site))
            .filter_map(|site| Some((site.code.to_string(), site.location()?.metres_to(at))))
            .collect();
        found.sort_by(|a, b| a.1.partial_cmp(&b.1).unwrap().then(a.0.cmp(&b.0)));
        found
    }

    fn told(near: &[Near<'_>]) -> Vec<(String, f64)> {
        near.iter().map(|near| (near.code.to_string(), near.metres)).collect()
    }

    fn offers(register: &Register, site: &Site, line: ServiceLine) -> bool {
        register.tenancies().any(|tenancy| {
            tenancy.site().as_ref() == Some(&site.code) && tenancy.service_line() == Some(line)
        })
    }

    proptest! {
        #[test]
        fn it_answers_what_a_plain_scan_answers(
            sites in prop::collection::vec(drawn(), 0..60),
            at in (0_u16..12, 0_u16..12),
            k in 0_usize..12,
            steps in 0_u16..8,
        ) {
            let (register, at) = (register(&sites), point(at));
            let index = SiteIndex::new(&register);

            let mut all = scan(&register, at, |_| true);
            prop_assert_eq!(index.len(), all.len());
            let metres = f64::from(steps) * 100.0;
            let within: Vec<_> = all.iter().filter(|(_, far)| *far <= metres).cloned().collect();
            prop_assert_eq!(told(&index.within(at, metres)), within);
            all.truncate(k);
            prop_assert_eq!(told(&index.nearest(at, k)), all);

            for line in LINES {
                for gates in [
                    GatesAsked::NONE,
                    GatesAsked::of([item(1)]),
                    GatesAsked::NONE.and(item(1), false).and(item(3), true),
                ] {
                    let mut plain = scan(&register, at, |site| {
                        offers(&register, site, line) && gates.pass(site)
                    });
                    plain.truncate(k);
                    prop_assert_eq!(told(&index.nearest_offering(at, k, line, &gates)), plain);
                }
            }
        }

        #[test]
        fn a_polygon_holds_what_the_plain_test_says_it_holds(
            sites in prop::collection::vec(drawn(), 0..60),
            corners in prop::collection::vec((0_u16..12, 0_u16..12), 3..8),
        ) {
            let register = register(&sites);
            let corners: Vec<(f64, f64)> = corners
                .iter()
                .map(|(east, north)| (f64::from(*east) * 100.0, f64::from(*north) * 100.0))
                .collect();
            let polygon = Polygon::new(LineString::from(corners), vec![]);
            let polygon = MultiPolygon::new(vec![geo::ConvexHull::convex_hull(&polygon)]);

            let inside = |site: &Site| site.location().is_some_and(|point| {
                polygon.intersects(&geo::Point::new(point.easting(), point.northing()))
            });
            let mut plain: Vec<String> = scan(&register, point((0, 0)), inside)
                .into_iter()
                .map(|(code, _)| code)
                .collect();
            plain.sort();
            let index = SiteIndex::new(&register);
            let found = index.within_polygon(&polygon).unwrap();
            prop_assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), plain);
        }

        #[test]
        fn points_anywhere_are_found_as_a_scan_finds_them(
            places in prop::collection::vec((0.0..700_000.0_f64, 0.0..1_300_000.0_f64), 0..200),
            at in (0.0..700_000.0_f64, 0.0..1_300_000.0_f64),
            k in 0_usize..20,
            metres in 0.0..400_000.0_f64,
        ) {
            let at = Point::new(at.0, at.1).unwrap();
            let points: Vec<(SiteCode, Point)> = places
                .iter()
                .enumerate()
                .map(|(n, (x, y))| (format!("S{n:03}").parse().unwrap(), Point::new(*x, *y).unwrap()))
                .collect();
            let index = SiteIndex::from_points(points.clone());
            let mut plain: Vec<(String, f64)> =
                points.iter().map(|(code, p)| (code.to_string(), p.metres_to(at))).collect();
            plain.sort_by(|a, b| a.1.partial_cmp(&b.1).unwrap().then(a.0.cmp(&b.0)));

            let near: Vec<_> = plain.iter().filter(|(_, far)| *far <= metres).cloned().collect();
            prop_assert_eq!(told(&index.within(at, metres)), near);
            plain.truncate(k);
            prop_assert_eq!(told(&index.nearest(at, k)), plain);
        }
    }

    /// Random estates above are too small for the tree to be searched under gates; this one is not.
    #[test]
    fn gates_that_many_sites_pass_are_searched_with_the_same_answer() {
        let sites: Vec<Drawn> = (0_u16..900)
            .map(|n| Drawn {
                place: Some((n.rem_euclid(30), n.div_euclid(30))),
                status: None,
                is_aggregate: false,
                lines: vec![ServiceLine::PrimaryCare],
                answers: [Some(if n % 3 == 0 { "no" } else { "yes" }), None, None],
            })
            .collect();
        let register = register(&sites);
        let index = SiteIndex::new(&register);
        let gates = GatesAsked::of([item(1)]);

        for at in [(0, 0), (15, 15), (29, 3)].map(point) {
            let mut plain = scan(&register, at, |site| gates.pass(site));
            plain.truncate(4);
            let found = index.nearest_offering(at, 4, ServiceLine::PrimaryCare, &gates);
            assert_eq!(told(&found), plain);
        }
    }

    #[test]
    fn a_distance_that_is_none_finds_nothing_and_an_infinite_one_everything() {
        let code = "RXA01".parse().unwrap();
        let index = SiteIndex::from_points([(code, point((3, 4)))]);

        assert_eq!(index.within(point((0, 0)), 500.0).len(), 1, "exactly at the distance");
        assert!(index.within(point((0, 0)), 499.999).is_empty());
        assert!(index.within(point((0, 0)), f64::NAN).is_empty());
        assert!(index.within(point((3, 4)), -1.0).is_empty());
        assert_eq!(index.within(point((0, 0)), f64::INFINITY).len(), 1);
    }

    #[test]
    fn a_polygon_off_the_grid_is_refused() {
        let corners = vec![(0.0, 0.0), (f64::NAN, 1.0), (1.0, 1.0)];
        let polygon = MultiPolygon::new(vec![Polygon::new(LineString::from(corners), vec![])]);
        assert!(SiteIndex::default().within_polygon(&polygon).is_err());
    }
}
