//! What a ticket is and what may become of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Open,
    InWork,
    Done,
}

#[derive(Clone, Debug, Serialize)]
pub struct Ticket {
    pub id: Uuid,
    pub title: String,
    pub state: State,
    pub opened_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    #[error("there is no ticket {0}")]
    Unknown(Uuid),
    #[error("a ticket needs a title")]
    NoTitle,
    #[error("a ticket cannot go from {from:?} to {to:?}")]
    NotThatWay { from: State, to: State },
}

#[derive(Debug, Default)]
pub struct Tickets {
    all: BTreeMap<Uuid, Ticket>,
}

impl Tickets {
    pub fn open(&mut self, title: &str) -> Result<Ticket, Refusal> {
        let title = title.trim();
        if title.is_empty() {
            return Err(Refusal::NoTitle);
        }
        let now = Utc::now();
        let ticket = Ticket {
            id: Uuid::new_v4(),
            title: title.to_owned(),
            state: State::Open,
            opened_at: now,
            changed_at: now,
        };
        self.all.insert(ticket.id, ticket.clone());
        Ok(ticket)
    }

    pub fn change(&mut self, id: Uuid, to: State) -> Result<Ticket, Refusal> {
        let ticket = self.all.get_mut(&id).ok_or(Refusal::Unknown(id))?;
        match (ticket.state, to) {
            (State::Open, State::InWork) | (State::InWork, State::Open | State::Done) => {
                ticket.state = to;
                ticket.changed_at = Utc::now();
                Ok(ticket.clone())
            }
            (from, to) => Err(Refusal::NotThatWay { from, to }),
        }
    }

    pub fn get(&self, id: Uuid) -> Result<&Ticket, Refusal> {
        self.all.get(&id).ok_or(Refusal::Unknown(id))
    }

    pub fn in_state(&self, state: Option<State>) -> Vec<&Ticket> {
        let mut found: Vec<_> = self
            .all
            .values()
            .filter(|ticket| state.is_none_or(|wanted| ticket.state == wanted))
            .collect();
        found.sort_by_key(|ticket| ticket.opened_at);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_goes_through_its_states() {
        let mut tickets = Tickets::default();
        let id = tickets.open(" the door squeaks ").unwrap().id;
        assert_eq!(tickets.get(id).unwrap().title, "the door squeaks");
        assert_eq!(
            tickets.change(id, State::Done).unwrap_err(),
            Refusal::NotThatWay {
                from: State::Open,
                to: State::Done
            }
        );
        tickets.change(id, State::InWork).unwrap();
        tickets.change(id, State::Done).unwrap();
        assert_eq!(tickets.in_state(Some(State::Done)).len(), 1);
        assert!(tickets.in_state(Some(State::Open)).is_empty());
    }

    #[test]
    fn a_ticket_without_a_title_is_refused() {
        assert_eq!(Tickets::default().open("  ").unwrap_err(), Refusal::NoTitle);
    }
}
