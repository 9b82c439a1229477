//! A Redis server that a test has for itself, to kill and start again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::kills::signal;
use super::until;

pub(crate) struct Redis {
    folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
}

impl Redis {
    /// One that does not run yet.
    pub(crate) fn new() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        Self { folder: tempfile::tempdir().unwrap(), port, server: None }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it, with what it held when it was last killed, and waits until it answers.
    pub(crate) async fn start(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always"]);
        command.args(["--port", &self.port.to_string()]).current_dir(self.folder.path());
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        self.server = Some(server.expect("Debian's redis-server: run scripts/test"));
        until("redis-server answers", async || self.ask("DBSIZE").is_some()).await;
    }

    pub(crate) fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Makes it stand still, its connections open, or go on.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.server.as_ref().unwrap(), name);
    }

    /// The first line that it answers, if it does; by no client of ours.
    pub(crate) fn ask(&self, command: &str) -> Option<String> {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        let line = line.trim_end();
        (!line.is_empty() && !line.starts_with("-LOADING")).then(|| line.to_owned())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
