//! How the service stops.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on the signals do not end the process by themselves.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub async fn asked(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Ends when it is enough: after `patience`, or when someone at a keyboard presses Ctrl-C once more.
    pub async fn enough(&mut self, patience: Duration) {
        tokio::select! {
            () = tokio::time::sleep(patience) => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Knows whether the service was asked to stop; all its clones know the same.
#[derive(Clone)]
pub struct Stopping(watch::Sender<bool>);

impl Stopping {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    pub async fn asked(&self) {
        // It fails only when the sender is gone, and `self` is one.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
