//! A MySQL server that insists on TLS, with a certificate of its own authority that names no host (as Cloud
//! SQL's does), and one that has none.

use std::fs;
use std::path::Path;

use crate::support::own_server::OwnServer;
use crate::support::program::{Program, Ran, repository_path};

/// A name of this machine that does not say so: what goes there might go anywhere.
const ELSEWHERE: &str = "0.0.0.0";

fn migrate(url: &str, ca: Option<&Path>) -> Ran {
    let mut program = Program::new().env("DATABASE_URL", url).env("LOG_FORMAT", "pretty");
    if let Some(ca) = ca {
        program = program.env("DATABASE_CA", ca.to_str().unwrap());
    }
    program.run(&["migrate"])
}

#[track_caller]
fn assert_refused(ran: Ran, code: i32, wrong: &str, remedy: &str) {
    let stderr = ran.expect(code).stderr;
    assert!(stderr.contains(wrong) && stderr.contains(remedy), "{wrong:?}, {remedy:?}: {stderr}");
}

#[test]
fn a_server_that_insists_on_tls_is_believed_if_its_authority_is_the_one_that_is_known() {
    let server = OwnServer::start_with("--require-secure-transport=ON");
    let (own, another) = (server.ca(), repository_path("tests/data/another-ca.pem"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let texts = [&another, &own].map(|path| fs::read_to_string(path).unwrap());
    // Both, while the server changes from one to the other.
    let both = file("both.pem", texts.concat());
    for host in ["127.0.0.1", ELSEWHERE] {
        let url = server.url_at(host);
        for ca in [Some(&*own), Some(&*both), None] {
            migrate(&url, ca).expect(0);
        }
        assert_refused(migrate(&url, Some(&another)), 3, "TLS", "DATABASE_CA");
    }
    let plain = format!("{}?ssl-mode=DISABLED", server.url_at("127.0.0.1"));
    assert_refused(migrate(&plain, None), 3, "insecure transport", "ssl-mode");
    // Elsewhere it is not asked.
    migrate(&format!("{}?ssl-mode=DISABLED", server.url_at(ELSEWHERE)), None).expect(0);

    let url = server.url_at("127.0.0.1");
    let nothing = file("empty.pem", String::new());
    for (ca, wrong) in [(nothing, "no certificate"), (folder.path().join("none.pem"), "none.pem")] {
        assert_refused(migrate(&url, Some(&ca)), 2, "DATABASE_CA", wrong);
    }
}

#[test]
fn a_server_elsewhere_without_tls_is_not_spoken_to() {
    let server = OwnServer::start_with("--auto-generate-certs=OFF --tls-version=");
    assert_refused(migrate(&server.url_at(ELSEWHERE), None), 3, "TLS", "offer TLS");
    let asked = format!("{}?ssl-mode=DISABLED", server.url_at(ELSEWHERE));
    assert_refused(migrate(&asked, None), 3, "TLS", "offer TLS");
}
