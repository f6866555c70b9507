mod api;
mod health;
mod upstream;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Keeps tickets, and asks another service whether it is there.
#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The host that `/upstream` asks, over TLS.
    #[arg(long, env = "UPSTREAM")]
    upstream: Option<String>,
    #[arg(long, default_value_t = 5)]
    patience: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .init();
    let upstream = match arguments.upstream {
        Some(host) => Some(upstream::Upstream::new(
            host,
            Duration::from_secs(arguments.patience),
        )?),
        None => None,
    };
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    tracing::info!(address = %arguments.listen, "listening");
    axum::serve(listener, api::router(upstream))
        .with_graceful_shutdown(stopped())
        .await?;
    Ok(())
}

async fn stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    tracing::info!("stopping");
}
