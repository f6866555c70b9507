//! Typed configuration from the environment. Every mistake is found in one run, before anything is started.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use crate::listener;

#[derive(Debug, PartialEq)]
pub struct Config {
    pub greeting: String,
    pub listen: Listen,
    pub log: LevelFilter,
    /// What a real service does before it can answer (connect, migrate, warm up) takes this long here.
    pub startup: Duration,
    /// For how long after the signal all requests are still taken, so that clients and load balancers see it coming.
    pub drain: Duration,
    /// After this long from the signal the process ends, whatever is still running.
    pub shutdown: Duration,
}

#[derive(Debug, PartialEq)]
pub enum Listen {
    /// On the socket that whoever started us has opened. It goes before `PORT`.
    Passed,
    Bind(SocketAddr),
}

#[derive(Clone, Copy)]
pub enum Purpose {
    /// To start as this process.
    Start(u32),
    /// Only to prove it. Whether a socket will be passed is known when the service is started, so `PORT` may be absent.
    Check,
}

impl Config {
    pub fn read(
        variable: impl Fn(&str) -> Option<OsString>,
        purpose: Purpose,
    ) -> Result<Self, Mistakes> {
        let mut reader = Reader {
            variable,
            mistakes: Vec::new(),
        };

        let greeting = reader.text("HELLO_GREETING", "the words that `GET /` answers with");
        let is_passed = match purpose {
            Purpose::Start(pid) => reader.is_passed_a_socket(pid),
            Purpose::Check => !reader.is_set("PORT"),
        };
        let port = if is_passed {
            reader.optional("PORT", PORT, |text| text.parse().ok())
        } else {
            reader.required("PORT", PORT, |text| text.parse().ok())
        };
        let host = reader.optional("HELLO_HOST", "an IP address", |text| text.parse().ok());
        let log = reader.optional(
            "HELLO_LOG",
            "off, error, warn, info, debug or trace",
            |text| text.parse().ok(),
        );
        let startup = reader.optional("HELLO_STARTUP_MS", "a number of milliseconds", milliseconds);
        let drain = reader.optional("HELLO_DRAIN_MS", "a number of milliseconds", milliseconds);
        let shutdown = reader.optional("HELLO_SHUTDOWN_SECONDS", "a number of seconds", seconds);

        let host: IpAddr = host.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let config = Self {
            greeting: greeting.unwrap_or_default(),
            listen: match port {
                Some(port) if !is_passed => Listen::Bind(SocketAddr::new(host, port)),
                _ => Listen::Passed,
            },
            log: log.unwrap_or(LevelFilter::INFO),
            startup: startup.unwrap_or_default(),
            drain: drain.unwrap_or(Duration::from_millis(100)),
            // `docker stop` kills after 10 seconds, Kubernetes after 30, systemd after 90.
            shutdown: shutdown.unwrap_or(Duration::from_secs(8)),
        };
        if config.drain > config.shutdown {
            reader.mistakes.push(format!(
                "HELLO_DRAIN_MS is {}: it must not be longer than HELLO_SHUTDOWN_SECONDS, which is {}",
                config.drain.as_millis(),
                config.shutdown.as_secs(),
            ));
        }

        if reader.mistakes.is_empty() {
            Ok(config)
        } else {
            Err(Mistakes(reader.mistakes))
        }
    }
}

const PORT: &str = "a port number from 0 to 65535 (0 takes any free one)";

fn seconds(text: &str) -> Option<Duration> {
    // A u32 of seconds is more than a century, and no sum of two can overflow a clock.
    text.parse()
        .ok()
        .map(|n: u32| Duration::from_secs(n.into()))
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.parse()
        .ok()
        .map(|n: u32| Duration::from_millis(n.into()))
}

struct Reader<F> {
    variable: F,
    mistakes: Vec<String>,
}

impl<F: Fn(&str) -> Option<OsString>> Reader<F> {
    fn text(&mut self, name: &str, meaning: &str) -> Option<String> {
        self.required(name, meaning, |text| Some(text.to_owned()))
    }

    fn required<T>(
        &mut self,
        name: &str,
        meaning: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let known = self.mistakes.len();
        let value = self.optional(name, meaning, parse);
        if value.is_none() && self.mistakes.len() == known {
            self.mistakes
                .push(format!("{name} is not set: it must be {meaning}"));
        }
        value
    }

    fn optional<T>(
        &mut self,
        name: &str,
        meaning: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let parsed = value.to_str().and_then(parse);
        if parsed.is_none() {
            // None of these is a secret; one that is must not be shown.
            self.mistakes
                .push(format!("{name} is {value:?}: it must be {meaning}"));
        }
        parsed
    }

    fn is_passed_a_socket(&mut self, pid: u32) -> bool {
        let (listen_pid, listen_fds) = (self.value("LISTEN_PID"), self.value("LISTEN_FDS"));
        listener::is_passed(listen_pid.as_deref(), listen_fds.as_deref(), pid).unwrap_or_else(
            |mistake| {
                self.mistakes.push(mistake);
                true
            },
        )
    }

    fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// An empty variable counts as not set: in an env file that is how one leaves something out.
    fn value(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

#[derive(Debug, PartialEq)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration in the environment is wrong:")?;
        self.0
            .iter()
            .try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    const START: Purpose = Purpose::Start(42);

    fn read(variables: &[(&str, &str)], purpose: Purpose) -> Result<Config, Mistakes> {
        let found = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Config::read(|name| found(name).map(|(_, value)| value.into()), purpose)
    }

    fn mistakes(variables: &[(&str, &str)], purpose: Purpose) -> Vec<String> {
        read(variables, purpose).unwrap_err().0
    }

    fn bind(address: &str) -> Listen {
        Listen::Bind(address.parse().unwrap())
    }

    #[test]
    fn what_is_not_set_has_a_default() {
        let config = read(&[("HELLO_GREETING", "Hi"), ("PORT", "8080")], START);
        let expected = Config {
            greeting: "Hi".into(),
            listen: bind("0.0.0.0:8080"),
            log: LevelFilter::INFO,
            startup: Duration::ZERO,
            drain: Duration::from_millis(100),
            shutdown: Duration::from_secs(8),
        };
        assert_eq!(config, Ok(expected));
    }

    #[test]
    fn every_variable_is_read() {
        let variables = [
            ("HELLO_GREETING", "Hi"),
            ("PORT", "0"),
            ("HELLO_HOST", "::1"),
            ("HELLO_LOG", "debug"),
            ("HELLO_STARTUP_MS", "300"),
            ("HELLO_DRAIN_MS", "5000"),
            ("HELLO_SHUTDOWN_SECONDS", "25"),
        ];
        let expected = Config {
            greeting: "Hi".into(),
            listen: bind("[::1]:0"),
            log: LevelFilter::DEBUG,
            startup: Duration::from_millis(300),
            drain: Duration::from_secs(5),
            shutdown: Duration::from_secs(25),
        };
        assert_eq!(read(&variables, START), Ok(expected));
    }

    #[test]
    fn what_is_missing_and_what_is_wrong_are_named_together() {
        let variables = [
            ("PORT", "http"),
            ("HELLO_HOST", "localhost"),
            ("HELLO_LOG", "loud"),
            ("HELLO_STARTUP_MS", "1.5"),
            ("HELLO_DRAIN_MS", "-1"),
            ("HELLO_SHUTDOWN_SECONDS", "8s"),
        ];
        let found = mistakes(&variables, START);
        assert_eq!(found.len(), 1 + variables.len(), "{found:?}");
        assert!(
            found[0].starts_with("HELLO_GREETING is not set: "),
            "{found:?}"
        );
        for (mistake, (name, value)) in found[1..].iter().zip(variables) {
            assert!(
                mistake.starts_with(&format!("{name} is {value:?}: ")),
                "{mistake}"
            );
        }
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let found = mistakes(
            &[("HELLO_GREETING", ""), ("PORT", ""), ("HELLO_HOST", "")],
            START,
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found
                .iter()
                .all(|mistake| mistake.contains(" is not set: ")),
            "{found:?}"
        );
    }

    #[test]
    fn a_passed_socket_goes_before_the_port() {
        let passed = [
            ("HELLO_GREETING", "Hi"),
            ("LISTEN_PID", "42"),
            ("LISTEN_FDS", "1"),
            ("PORT", "8080"),
        ];
        assert_eq!(read(&passed, START).unwrap().listen, Listen::Passed);
        assert_eq!(read(&passed[..3], START).unwrap().listen, Listen::Passed);
        assert_eq!(
            read(&passed, Purpose::Start(43)).unwrap().listen,
            bind("0.0.0.0:8080")
        );
        assert!(mistakes(&passed[..3], Purpose::Start(43))[0].starts_with("PORT is not set: "));
    }

    #[test]
    fn a_wrong_socket_is_named_with_the_other_mistakes() {
        let found = mistakes(&[("LISTEN_PID", "42"), ("LISTEN_FDS", "2")], START);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("HELLO_GREETING ") && found[1].starts_with("LISTEN_FDS "),
            "{found:?}"
        );
    }

    #[test]
    fn a_check_wants_the_port_to_be_right_or_absent() {
        let greeting = ("HELLO_GREETING", "Hi");
        assert_eq!(
            read(&[greeting], Purpose::Check).unwrap().listen,
            Listen::Passed
        );
        assert_eq!(
            mistakes(&[greeting, ("PORT", "65536")], Purpose::Check).len(),
            1
        );
        let ported = read(&[greeting, ("PORT", "8080")], Purpose::Check).unwrap();
        assert_eq!(ported.listen, bind("0.0.0.0:8080"));
    }

    #[test]
    fn the_drain_fits_into_the_shutdown() {
        let variables = [("HELLO_GREETING", "Hi"), ("HELLO_DRAIN_MS", "8001")];
        let found = mistakes(&variables, Purpose::Check);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("HELLO_SHUTDOWN_SECONDS, which is 8"),
            "{found:?}"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_a_mistake_not_a_panic() {
        let variable =
            |name: &str| (name == "HELLO_GREETING").then(|| OsString::from_vec(vec![0xff]));
        let found = Config::read(variable, Purpose::Check)
            .unwrap_err()
            .to_string();
        assert!(found.contains(r#"HELLO_GREETING is "\xFF""#), "{found}");
    }
}
