//! No text panics a reader of the sites file, whatever its form; what it refuses has a fault, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weather_data_product::domain::sites_file::{self, Form, SitesFileError};

fuzz_target!(|text: &str| {
    for (_, form) in Form::ENDINGS {
        if let Err(SitesFileError::Faults(faults)) = sites_file::read(form, text.as_bytes()) {
            assert!(faults.iter().count() > 0);
            for fault in faults.iter() {
                assert_eq!(fault.to_string().lines().count(), 1, "{fault}");
            }
        }
    }
});
