//! What the service answers.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::shutdown::Stopping;
use crate::version;

#[derive(Clone)]
struct Service {
    greeting: Arc<str>,
    stopping: Stopping,
}

pub fn routes(greeting: String, stopping: Stopping) -> Router {
    Router::new()
        .route("/", get(greet))
        .route("/greetings", post(greet_by_name))
        .route("/version", get(|| async { Json(version::VERSION) }))
        .layer(middleware::from_fn(log))
        // Below the log's layer, or probes would fill the log.
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .layer(middleware::from_fn_with_state(stopping.clone(), let_go))
        .with_state(Service {
            greeting: greeting.into(),
            stopping,
        })
}

#[derive(Serialize)]
struct Greeting {
    greeting: String,
}

async fn greet(State(service): State<Service>) -> Json<Greeting> {
    let greeting = service.greeting.to_string();
    Json(Greeting { greeting })
}

#[derive(Deserialize)]
struct Guest {
    name: String,
}

async fn greet_by_name(State(service): State<Service>, Json(guest): Json<Guest>) -> Json<Greeting> {
    let greeting = format!("{}, {}!", service.greeting, guest.name);
    Json(Greeting { greeting })
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process works. It does not look at anything else: a restart would not help a database.
async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// The service wants requests.
async fn ready(State(service): State<Service>) -> (StatusCode, Json<Health>) {
    if service.stopping.is_asked() {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(Health { status: "stopping" }),
        )
    } else {
        (StatusCode::OK, Json(Health { status: "ready" }))
    }
}

/// Tells clients that keep their connection to come back on a new one, before we have to close it under their hands.
async fn let_go(State(stopping): State<Stopping>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if stopping.is_asked() {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    tracing::info!(
        %method,
        path,
        status = response.status().as_u16(),
        ms = start.elapsed().as_millis() as u64,
        "request"
    );
    response
}
