//! The listening socket: passed to us (socket activation), or bound by us.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::config::Listen;

/// Passed descriptors begin here: sd_listen_fds(3).
const FIRST_PASSED: i32 = 3;

/// As many waiting connections as the machine allows: it caps the number itself.
const BACKLOG: i32 = i32::MAX;

/// Whether a socket is passed to this very process. The variables may be meant for a process that started us, and were
/// only inherited; then they say nothing.
pub fn is_passed(
    listen_pid: Option<&OsStr>,
    listen_fds: Option<&OsStr>,
    own_pid: u32,
) -> Result<bool, String> {
    let (Some(listen_pid), Some(listen_fds)) = (listen_pid, listen_fds) else {
        return Ok(false);
    };
    if number("LISTEN_PID", listen_pid)? != own_pid {
        return Ok(false);
    }
    match number("LISTEN_FDS", listen_fds)? {
        0 => Ok(false),
        1 => Ok(true),
        // With more, connections would wait for ever on those that we do not take.
        more => Err(format!(
            "LISTEN_FDS is {more}: this service takes exactly one socket"
        )),
    }
}

fn number(name: &str, value: &OsStr) -> Result<u32, String> {
    let parsed = value.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("{name} is {value:?}: it must be a number"))
}

/// A socket that is ours but answers nobody yet, so that a wrong address is found before the slow part of a start.
pub fn open(listen: &Listen) -> Result<Socket, String> {
    match listen {
        Listen::Passed => {
            take_passed().map_err(|error| format!("the passed socket cannot be used: {error}"))
        }
        Listen::Bind(address) => {
            bind(*address).map_err(|error| format!("cannot listen on {address}: {error}"))
        }
    }
}

/// From here on clients get through.
pub fn start(socket: Socket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn take_passed() -> io::Result<Socket> {
    // SAFETY: LISTEN_PID says that descriptor 3 was opened for us, and nothing else here takes it. Should that be a lie,
    // then already the copy fails; to own a descriptor that is not open would abort the process.
    #[expect(unsafe_code)]
    let copy = unsafe {
        let copy = BorrowedFd::borrow_raw(FIRST_PASSED).try_clone_to_owned()?;
        drop(OwnedFd::from_raw_fd(FIRST_PASSED));
        copy
    };
    let socket = Socket::from(copy);
    socket.set_nonblocking(true)?;
    if socket.local_addr()?.as_socket().is_none() {
        return Err(io::Error::other("it is no TCP socket"));
    }
    // It listens already; done again, this fails for every kind of socket that could not.
    socket.listen(BACKLOG)?;
    Ok(socket)
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Without it the port of a service that has just ended is taken for a minute.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(pid: Option<&str>, fds: Option<&str>) -> Result<bool, String> {
        is_passed(pid.map(OsStr::new), fds.map(OsStr::new), 42)
    }

    #[test]
    fn one_socket_for_this_process_is_taken() {
        assert_eq!(passed(Some("42"), Some("1")), Ok(true));
    }

    #[test]
    fn what_is_meant_for_another_process_is_ignored() {
        assert_eq!(passed(Some("41"), Some("1")), Ok(false));
        assert_eq!(passed(Some("41"), Some("nonsense")), Ok(false));
    }

    #[test]
    fn half_of_the_variables_are_none() {
        assert_eq!(passed(None, None), Ok(false));
        assert_eq!(passed(Some("42"), None), Ok(false));
        assert_eq!(passed(None, Some("1")), Ok(false));
        assert_eq!(passed(Some("42"), Some("0")), Ok(false));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(
            passed(Some("42"), Some("2"))
                .unwrap_err()
                .contains("exactly one")
        );
        assert!(
            passed(Some("42"), Some("-1"))
                .unwrap_err()
                .contains("LISTEN_FDS")
        );
        assert!(
            passed(Some(""), Some("1"))
                .unwrap_err()
                .contains("LISTEN_PID")
        );
    }
}
