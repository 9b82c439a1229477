//! An S3 stand-in (moto) that a test has for itself.

use std::process::{Child, Command, Stdio};

use super::program::repository_path;
use super::{http_client, until};

/// The one bucket that is there.
pub(crate) const BUCKET: &str = "weather-test";

pub(crate) struct S3 {
    server: Child,
    port: u16,
}

/// The environment that a client of it has; moto takes any key.
pub(crate) const ENVIRONMENT: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];

impl S3 {
    /// Starts it with its bucket; the first time of all it is installed.
    pub(crate) async fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = Command::new(repository_path("scripts/s3-stand-in"));
        command.arg(port.to_string()).stdin(Stdio::null()).stdout(Stdio::null());
        let s3 = Self { server: command.spawn().unwrap(), port };
        let http = http_client().build().unwrap();
        let bucket = format!("{}/{BUCKET}", s3.url());
        until("moto answers", async || http.put(&bucket).send().await.is_ok()).await;
        s3
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
