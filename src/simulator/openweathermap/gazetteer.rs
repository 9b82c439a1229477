//! The places that the simulator knows by name: some of each continent, names that several places have, and
//! two places of one name that are near each other.

/// Name, state (may be empty), country, latitude, longitude.
pub(super) type Entry = (&'static str, &'static str, &'static str, f64, f64);

/// Of one name the best known first.
pub(super) const PLACES: [Entry; 34] = [
    ("Madrid", "Community of Madrid", "ES", 40.416_704_7, -3.703_582_4),
    ("Madrid", "Cundinamarca", "CO", 4.732_722_2, -74.265_555_6),
    ("Madrid", "Iowa", "US", 41.876_657_4, -93.823_275_1),
    ("Barcelona", "Catalonia", "ES", 41.382_894, 2.177_432_2),
    ("Barcelona", "Anzoategui", "VE", 10.131_388_9, -64.685_277_8),
    ("London", "England", "GB", 51.507_321_9, -0.127_647_4),
    // As the service has it: a place of its own within the other.
    ("London", "England", "GB", 51.515_618, -0.091_998_9),
    ("London", "Ontario", "CA", 42.983_224_4, -81.243_372),
    ("Paris", "Ile-de-France", "FR", 48.858_889_7, 2.320_041),
    ("Paris", "Texas", "US", 33.661_793_9, -95.555_513),
    ("Berlin", "", "DE", 52.517_036_5, 13.388_859_9),
    ("Oslo", "", "NO", 59.913_330_1, 10.738_970_1),
    ("Gijón", "Asturias", "ES", 43.544_984_2, -5.662_660_1),
    ("Zürich", "Zurich", "CH", 47.374_448_9, 8.541_042_2),
    ("Reykjavik", "", "IS", 64.145_981, -21.942_236_7),
    ("Springfield", "Illinois", "US", 39.799_017_5, -89.643_957_5),
    ("Springfield", "Missouri", "US", 37.208_957_2, -93.292_298_9),
    ("Springfield", "Massachusetts", "US", 42.101_876_4, -72.588_679_4),
    ("Springfield", "Oregon", "US", 44.046_236_2, -123.022_028_9),
    ("Springfield", "Ohio", "US", 39.924_226_6, -83.808_817_1),
    ("Springfield", "New Jersey", "US", 40.704_926_9, -74.317_094_8),
    ("New York", "New York", "US", 40.712_728_1, -74.006_015_2),
    ("Denver", "Colorado", "US", 39.739_236_4, -104.984_862),
    ("São Paulo", "São Paulo", "BR", -23.550_650_7, -46.633_382_4),
    ("Santiago", "Santiago Metropolitan Region", "CL", -33.437_754_5, -70.650_450_2),
    ("Nairobi", "Nairobi County", "KE", -1.302_823, 36.826_106_7),
    ("Lagos", "Lagos State", "NG", 6.455_057_5, 3.394_179_5),
    ("Cape Town", "Western Cape", "ZA", -33.928_992, 18.417_396),
    ("Mumbai", "Maharashtra", "IN", 19.054_999, 72.869_203_5),
    ("Kathmandu", "Bagmati Province", "NP", 27.708_317, 85.320_581_7),
    ("Tokyo", "", "JP", 35.682_839, 139.759_455),
    ("Singapore", "", "SG", 1.289_987, 103.850_281),
    ("Sydney", "New South Wales", "AU", -33.869_843_9, 151.208_284_8),
    ("Auckland", "Auckland", "NZ", -36.852_095, 174.763_180_3),
];
