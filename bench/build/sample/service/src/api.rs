use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tickets::{Refusal, Ticket, Tickets};
use uuid::Uuid;

use crate::health;
use crate::upstream::Upstream;

#[derive(Clone)]
struct Service {
    tickets: Arc<RwLock<Tickets>>,
    upstream: Option<Upstream>,
}

pub fn router(upstream: Option<Upstream>) -> Router {
    Router::new()
        .route("/health", get(|| async { health::ANSWER }))
        .route("/upstream", get(ask_upstream))
        .route("/tickets", post(open).get(all))
        .route("/tickets/{id}", get(one).patch(change))
        .with_state(Service {
            tickets: Arc::default(),
            upstream,
        })
}

#[derive(Debug, Deserialize)]
struct Opened {
    title: String,
}

#[derive(Debug, Deserialize)]
struct Changed {
    state: tickets::State,
}

async fn open(
    State(service): State<Service>,
    Json(opened): Json<Opened>,
) -> Result<(StatusCode, Json<Ticket>), Refused> {
    let mut tickets = service
        .tickets
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let ticket = tickets.open(&opened.title)?;
    tracing::info!(id = %ticket.id, "opened");
    Ok((StatusCode::CREATED, Json(ticket)))
}

async fn all(State(service): State<Service>) -> Json<serde_json::Value> {
    let tickets = service
        .tickets
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    Json(serde_json::json!({ "tickets": tickets.in_state(None) }))
}

async fn one(
    State(service): State<Service>,
    Path(id): Path<Uuid>,
) -> Result<Json<Ticket>, Refused> {
    let tickets = service
        .tickets
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(Json(tickets.get(id)?.clone()))
}

async fn change(
    State(service): State<Service>,
    Path(id): Path<Uuid>,
    Json(changed): Json<Changed>,
) -> Result<Json<Ticket>, Refused> {
    let mut tickets = service
        .tickets
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(Json(tickets.change(id, changed.state)?))
}

async fn ask_upstream(State(service): State<Service>) -> Response {
    let Some(upstream) = service.upstream else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match upstream.ask("/").await {
        Ok((status, body)) => (status, body).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

struct Refused(Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self.0 {
            Refusal::Unknown(_) => StatusCode::NOT_FOUND,
            Refusal::NoTitle => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::NotThatWay { .. } => StatusCode::CONFLICT,
        };
        (
            status,
            Json(serde_json::json!({ "error": self.0.to_string() })),
        )
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_not_found() {
        let response = Refused(Refusal::Unknown(Uuid::nil())).into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn without_an_upstream_nobody_is_asked() {
        let service = Service {
            tickets: Arc::default(),
            upstream: None,
        };
        let response = ask_upstream(State(service)).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}
