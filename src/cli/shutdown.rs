//! SIGINT and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use crate::clock::{Clock as _, SystemClock};

/// How long after the first signal the program ends, no matter what it still waits for: Cloud Run kills
/// after 10 s without a message.
const END_AFTER: Duration = Duration::from_millis(7_500);

/// Listens for the signals that end a program.
#[derive(Clone)]
pub(super) struct Shutdown {
    token: CancellationToken,
    is_terminated: Arc<AtomicBool>,
}

impl Shutdown {
    /// Starts to listen. A second signal ends the program at once. Some time after the first the program
    /// ends too, even if store or sink do not answer: what was not committed stays due.
    ///
    /// # Errors
    /// When the handlers cannot be set.
    pub(super) fn listen() -> std::io::Result<Self> {
        let shutdown = Self {
            token: CancellationToken::new(),
            is_terminated: Arc::new(AtomicBool::new(false)),
        };
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let listener = shutdown.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => listener.is_terminated.store(true, Ordering::Relaxed),
                }
                if listener.token.is_cancelled() {
                    std::process::exit(listener.exit().code().into());
                }
                listener.token.cancel();
                tokio::spawn(listener.clone().end_in_time());
            }
        });
        Ok(shutdown)
    }

    async fn end_in_time(self) {
        SystemClock.sleep(END_AFTER).await;
        let seconds = END_AFTER.as_secs_f32();
        tracing::warn!(
            "ended {seconds} s after the signal, without waiting longer for what does not answer; \
             what was not committed stays due"
        );
        std::process::exit(self.exit().code().into());
    }

    /// Is cancelled by the first signal.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// How to end after a signal.
    pub(super) fn exit(&self) -> Exit {
        if self.is_terminated.load(Ordering::Relaxed) {
            Exit::Terminated
        } else {
            Exit::Interrupted
        }
    }
}
