//! A small HTTP service that is ready to be deployed.

mod config;
mod door;
mod listener;
mod notify;
mod routes;
mod shutdown;
mod version;

use std::error::Error;
use std::process::ExitCode;
use std::{env, process};

use axum::serve::Listener;
use config::{Config, Listen, Purpose};
use door::door;
use notify::notify;
use shutdown::{Signals, Stopping};
use socket2::Socket;
use tokio::time::sleep;
use version::VERSION;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_str()).collect();
    let done = match arguments[..] {
        [] => run(),
        [Some("--check")] => check(),
        [Some("--version")] => {
            println!("{} {} ({})", VERSION.name, VERSION.version, VERSION.sha);
            Ok(())
        }
        _ => {
            eprintln!("usage: hello [--check | --version]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hello: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Proves the configuration without starting anything: for a deploy that wants to know before it switches.
fn check() -> Result<(), Box<dyn Error>> {
    let config = Config::read(|name| env::var_os(name), Purpose::Check)?;
    println!("the configuration is good");
    if config.listen == Listen::Passed {
        println!("PORT is not set, so the service starts only where it is passed a socket");
    }
    Ok(())
}

fn run() -> Result<(), Box<dyn Error>> {
    let config = Config::read(|name| env::var_os(name), Purpose::Start(process::id()))?;
    let socket = listener::open(&config.listen)?;
    tracing_subscriber::fmt()
        .json()
        .with_max_level(config.log)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(serve(config, socket));
    // What is still running was given its time; it must not hold the process.
    runtime.shutdown_background();
    done
}

async fn serve(config: Config, socket: Socket) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::catch()?;
    tracing::info!(version = VERSION.version, sha = VERSION.sha, "starting");
    tokio::select! {
        () = sleep(config.startup) => {}
        signal = signals.asked() => {
            tracing::info!(signal, "stopped before it had started");
            return Ok(());
        }
    }

    let (door, keeper) = door(listener::start(socket)?)?;
    tracing::info!(address = %door.local_addr()?, "ready");
    notify("READY=1");

    let stopping = Stopping::new();
    let everyone_heard = {
        let stopping = stopping.clone();
        async move {
            stopping.asked().await;
            sleep(config.drain).await;
            keeper.close().await;
        }
    };
    let routes = routes::routes(config.greeting, stopping.clone());
    let server = axum::serve(door, routes).with_graceful_shutdown(everyone_heard);
    let out_of_patience = async {
        let signal = signals.asked().await;
        stopping.ask();
        tracing::info!(signal, "stopping");
        notify("STOPPING=1");
        signals.enough(config.shutdown).await;
    };
    tokio::select! {
        done = server.into_future() => {
            done?;
            tracing::info!("stopped");
        }
        () = out_of_patience => tracing::warn!("stopped, and the requests that were still running are cut off"),
    }
    Ok(())
}
