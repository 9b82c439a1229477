//! What a first build has to compile, and what the image is built from.

use crate::support::program::repository_file;

/// The packages of the lock file.
fn packages() -> Vec<String> {
    let lock = repository_file("Cargo.lock");
    let name = |line: &str| Some(line.strip_prefix("name = \"")?.trim_end_matches('"').to_owned());
    lock.lines().filter_map(name).collect()
}

#[test]
fn there_is_one_provider_of_cryptography() {
    let packages = packages();
    let has = |name: &str| packages.iter().any(|package| package == name);
    assert!(has("ring") && has("rustls"), "{packages:?}");
    for other in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls", "rustls-openssl"] {
        assert!(!has(other), "{other}: is there a default feature that nobody asked for?");
    }
}

#[test]
fn only_the_image_is_optimised_across_crates() {
    let manifest = repository_file("Cargo.toml");
    let profile = |name: &str| {
        let (_, rest) = manifest.split_once(&format!("[profile.{name}]\n")).unwrap();
        rest.split("\n[").next().unwrap().to_owned()
    };
    assert!(profile("dist").contains("lto = ") && profile("dist").contains("codegen-units = 1"));
    let release = profile("release");
    assert!(!release.contains("lto") && !release.contains("codegen-units"), "{release}");
    let image = repository_file("Dockerfile");
    let builds: Vec<_> = image.matches("cargo build").collect();
    assert_eq!(image.matches("cargo build --profile dist --locked").count(), builds.len());
    assert!(image.contains("target/dist/weather") && !image.contains("target/release"));
}
