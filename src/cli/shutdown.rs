//! SIGINT and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Exit;

/// Listens for the signals that end a program.
#[derive(Clone)]
pub(super) struct Shutdown {
    token: CancellationToken,
    is_terminated: Arc<AtomicBool>,
}

impl Shutdown {
    /// Starts to listen. A second signal ends the program at once.
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
            }
        });
        Ok(shutdown)
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
