//! British National Grid to longitude and latitude and back, by the Ordnance Survey's OSTN15.
//!
//! OSTN15 leads to ETRS89, which is fixed to Europe. WGS84 is fixed to the whole Earth and was about 0.8 m away from
//! it in 2026, growing 25 mm a year. Like every map of Britain on the web, these functions take the two as one.

use lonlat_bng::{convert_etrs89, convert_etrs89_to_osgb36, convert_osgb36_to_ll};
use serde::{Deserialize, Serialize};

use crate::register::Point;

/// Degrees, WGS84 taken as ETRS89. Nothing is promised of the numbers until [`from_wgs84`] has taken them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LonLat {
    /// Degrees east.
    pub longitude: f64,
    /// Degrees north.
    pub latitude: f64,
}

/// Coordinates OSTN15 does not reach, NaN among them.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum OutOfCoverage {
    /// Degrees.
    #[error(
        "longitude {longitude}, latitude {latitude} is outside Great Britain as OSTN15 covers it"
    )]
    Degrees {
        /// As given.
        longitude: f64,
        /// As given.
        latitude: f64,
    },
    /// Metres.
    #[error(
        "easting {easting}, northing {northing} is outside the 700 by 1,250 km that OSTN15 covers"
    )]
    Metres {
        /// As given.
        easting: f64,
        /// As given.
        northing: f64,
    },
}

/// To degrees: within 0.01 mm of the published test points.
pub fn to_wgs84(point: Point) -> Result<LonLat, OutOfCoverage> {
    let (easting, northing) = (point.easting(), point.northing());
    let outside = OutOfCoverage::Metres { easting, northing };
    let (longitude, latitude) =
        convert_osgb36_to_ll(easting, northing).map_err(|_outside| outside)?;
    Ok(LonLat { longitude, latitude })
}

/// From degrees, to the millimetre.
pub fn from_wgs84(at: LonLat) -> Result<Point, OutOfCoverage> {
    let LonLat { longitude, latitude } = at;
    let outside = OutOfCoverage::Degrees { longitude, latitude };
    // Two steps, because only the second one checks that the shift is looked up inside the grid.
    let (easting, northing) = convert_etrs89(longitude, latitude)
        .and_then(|(easting, northing)| convert_etrs89_to_osgb36(easting, northing))
        .map_err(|_outside| outside)?;
    Point::new(easting, northing).map_err(|_off_grid| outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ordnance Survey, `OSTN15_OSGM15_TestInput_ETRStoOSGB` and `..TestOutput..`, points TP01 to TP40: latitude,
    /// longitude, easting, northing. © Ordnance Survey and the Ministry of Defence, BSD licence.
    const TEST_POINTS: [[f64; 4]; 40] = [
        [49.922_263_94, -6.299_777_52, 91_492.146, 11_318.804],
        [49.960_061_38, -5.203_046_1, 170_370.718, 11_572.405],
        [50.438_858_26, -4.108_645_636, 250_359.811, 62_016.569],
        [50.575_636_65, -1.297_822_772, 449_816.371, 75_335.861],
        [50.931_279_38, -1.450_514_337, 438_710.92, 114_792.25],
        [51.400_782_2, -3.551_283_492, 292_184.87, 168_003.465],
        [51.374_470_26, 1.444_547_304, 639_821.835, 169_565.858],
        [51.427_547_43, -2.544_076_183, 362_269.991, 169_978.69],
        [51.489_365_65, -0.119_925_572, 530_624.974, 178_388.464],
        [51.858_908_96, -4.308_524_77, 241_124.584, 220_332.641],
        [51.894_366_37, 0.897_243_27, 599_445.59, 225_722.826],
        [52.255_293_82, -2.154_586_144, 389_544.19, 261_912.153],
        [52.251_609_51, -0.912_489_57, 474_335.969, 262_047.755],
        [52.751_366_87, 0.401_535_471, 562_180.547, 319_784.995],
        [52.962_191_09, -1.197_476_559, 454_002.834, 340_834.943],
        [53.344_802_8, -2.640_493_208, 357_455.843, 383_290.436],
        [53.416_285_16, -4.289_180_698, 247_958.971, 393_492.909],
        [53.416_309_25, -4.289_177_929, 247_959.241, 393_495.583],
        [53.779_110_26, -3.040_454_907, 331_534.564, 431_920.794],
        [53.800_215_2, -1.663_791_682, 422_242.186, 433_818.701],
        [54.086_663_18, -4.634_521_682, 227_778.33, 468_847.388],
        [54.116_851_44, -0.077_731_332, 525_745.67, 470_703.214],
        [54.329_195_41, -4.388_491_181, 244_780.636, 495_254.887],
        [54.895_423_4, -2.938_277_411, 339_921.145, 556_034.761],
        [54.979_122_74, -1.616_576_852, 424_639.355, 565_012.703],
        [55.853_999_53, -4.296_490_163, 256_340.925, 664_697.269],
        [55.924_782_66, -3.294_792_193, 319_188.434, 670_947.534],
        [57.006_066_96, -5.828_366_919, 167_634.202, 797_067.144],
        [57.139_025_19, -2.048_560_307, 397_160.491, 805_349.736],
        [57.486_250_01, -4.219_263_986, 267_056.768, 846_176.972],
        [57.813_518_38, -8.578_544_561, 9587.909, 899_448.996],
        [58.212_622_47, -7.592_555_606, 71_713.132, 938_516.404],
        [58.515_603_61, -6.260_914_555, 151_968.652, 966_483.78],
        [58.581_204_61, -3.726_310_221, 299_721.891, 967_202.992],
        [59.037_438_71, -3.214_540_011, 330_398.323, 1_017_347.016],
        [59.093_350_35, -4.417_576_746, 261_596.778, 1_025_447.602],
        [59.096_716_17, -5.827_993_398, 180_862.461, 1_029_604.114],
        [59.534_707_94, -1.625_169_661, 421_300.525, 1_072_147.239],
        [59.854_099_14, -1.274_869_104, 440_725.073, 1_107_878.448],
        [60.133_080_92, -2.073_828_228, 395_999.668, 1_138_728.951],
    ];

    #[test]
    fn all_forty_published_points_are_met_within_five_centimetres_both_ways() {
        let mut worst: f64 = 0.0;
        for [latitude, longitude, easting, northing] in TEST_POINTS {
            let published = Point::new(easting, northing).unwrap();

            let there = from_wgs84(LonLat { longitude, latitude }).unwrap();
            let back = to_wgs84(published).unwrap();

            let metres_a_degree = 111_320.0;
            let north = (back.latitude - latitude) * metres_a_degree;
            let east = (back.longitude - longitude) * metres_a_degree * latitude.to_radians().cos();
            worst = worst.max(there.metres_to(published)).max(north.hypot(east));
        }
        assert!(worst <= 0.05, "{worst} m");
    }

    #[test]
    fn a_round_trip_stays_within_five_millimetres() {
        for easting in (20_000..680_000).step_by(60_000) {
            for northing in (20_000..1_200_000).step_by(60_000) {
                let point = Point::new(f64::from(easting), f64::from(northing)).unwrap();
                // The corners of the rectangle lie beyond the longitudes the transform takes.
                let Ok(degrees) = to_wgs84(point) else { continue };
                if let Ok(back) = from_wgs84(degrees) {
                    assert!(back.metres_to(point) <= 0.005, "{point:?} became {back:?}");
                }
            }
        }
    }

    #[test]
    fn nan_infinity_and_other_countries_are_refused() {
        let at = |longitude, latitude| from_wgs84(LonLat { longitude, latitude });
        assert!(at(f64::NAN, 51.5).is_err());
        assert!(at(-0.1, f64::INFINITY).is_err());
        assert!(at(2.35, 48.85).is_err(), "Paris");
        assert!(at(51.5, -0.1).is_err(), "the two swapped");
        assert!(at(-8.5, 49.93).is_err(), "west of the grid");
        assert!(to_wgs84(Point::new(400_000.0, 1_290_000.0).unwrap()).is_err());
    }
}
