//! No text panics the parser of the sites file; what it refuses has a fault, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weather_data_product::domain::sites_file;

fuzz_target!(|text: &str| {
    if let Err(faults) = sites_file::parse(text) {
        assert!(faults.iter().count() > 0);
        for fault in faults.iter() {
            assert_eq!(fault.to_string().lines().count(), 1, "{fault}");
        }
    }
});
