//! Lets the last client finish. On its own, a graceful shutdown of axum closes a connection that was just accepted when
//! its request has not been read yet: under load that is a few lost requests at every restart. So first the door is
//! closed, then everyone who is inside is heard, and only then the server is told to finish.

use std::future::pending;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// A request follows its connection at once; who is silent for longer has none.
const SILENCE: Duration = Duration::from_millis(500);

/// Everyone who still has to be waited for holds a receiver: the door while it is open, a connection until it is heard.
pub struct Keeper(watch::Sender<bool>);

pub struct Door {
    open: Option<(TcpListener, watch::Receiver<bool>)>,
    address: SocketAddr,
}

pub fn door(listener: TcpListener) -> io::Result<(Door, Keeper)> {
    let (keeper, waited_for) = watch::channel(false);
    let address = listener.local_addr()?;
    let open = Some((listener, waited_for));
    Ok((Door { open, address }, Keeper(keeper)))
}

impl Keeper {
    /// Takes no more connections, and waits until each that was taken has been heard.
    pub async fn close(self) {
        self.0.send_replace(true);
        // Whoever stays silent has lost nothing.
        let _ = timeout(SILENCE, self.0.closed()).await;
    }
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        if let Some((listener, waited_for)) = &mut self.open {
            let closed = waited_for.clone();
            tokio::select! {
                biased;
                _ = waited_for.wait_for(|closed| *closed) => {}
                (stream, peer) = Listener::accept(listener) => {
                    return (Connection { stream, unheard: Some(closed) }, peer);
                }
            }
            self.open = None;
        }
        pending().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

pub struct Connection {
    stream: TcpStream,
    unheard: Option<watch::Receiver<bool>>,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready() {
            self.unheard = None;
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
