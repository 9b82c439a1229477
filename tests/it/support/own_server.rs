//! A MySQL server that a test has for itself, since every other test would feel what is done to it.

use std::path::PathBuf;
use std::process::Command;

use super::program::{Ran, repository_path};

pub(crate) struct OwnServer {
    folder: tempfile::TempDir,
    port: String,
}

impl OwnServer {
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// Started with more arguments.
    pub(crate) fn start_with(arguments: &str) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let server = Self { folder: tempfile::tempdir().unwrap(), port };
        server.tell("start", arguments);
        server
    }

    /// What `scripts/mysql-local` says to it.
    pub(crate) fn ask(&self, what: &str) -> String {
        self.tell(what, "")
    }

    fn tell(&self, what: &str, arguments: &str) -> String {
        let output = Command::new(repository_path("scripts/mysql-local"))
            .arg(what)
            .env("MYSQL_LOCAL_PORT", &self.port)
            .env("MYSQL_LOCAL_DATA", self.data())
            .env("MYSQL_LOCAL_ARGS", arguments)
            .output()
            .unwrap();
        Ran::of(&output).expect(0).stdout.trim().to_owned()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("mysql")
    }

    /// The certificate of the authority that it has made for itself.
    pub(crate) fn ca(&self) -> PathBuf {
        self.data().join("ca.pem")
    }

    /// Its URL, under another name of this machine.
    pub(crate) fn url_at(&self, host: &str) -> String {
        format!("mysql://weather:weather@{host}:{}/weather", self.port)
    }

    pub(crate) fn crash_and_start(&self) {
        let status = self.ask("status");
        let pid = status.split([' ', ',']).nth(3).unwrap();
        assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
        while std::net::TcpStream::connect(format!("127.0.0.1:{}", self.port)).is_ok() {}
        self.ask("start");
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.ask("stop");
    }
}
