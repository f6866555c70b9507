//! The real program as systemd sees it: told over a datagram how it is, given a socket, and replaced without a gap.
#![cfg(target_os = "linux")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{self as unix, UnixDatagram};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fs, process, thread};

/// Far more than anything here takes: only so that a failing test ends.
const LONG: Duration = Duration::from_secs(30);

struct Service(Child);

impl Service {
    fn start(notify_socket: &str, passed: TcpListener) -> Self {
        // The program must be told its own process id, so the shell becomes it.
        let script = r#"exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0""#;
        let child = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_hello")])
            .env("HELLO_GREETING", "Hello")
            .env("HELLO_LOG", "warn")
            .env("NOTIFY_SOCKET", notify_socket)
            .stdin(Stdio::from(OwnedFd::from(passed)))
            .spawn();
        Self(child.unwrap())
    }

    fn terminate(&self) {
        let pid = self.0.id().to_string();
        let kill = Command::new("sh")
            .args(["-c", "kill -TERM $0", &pid])
            .status();
        assert!(kill.unwrap().success());
    }

    fn end(&mut self) -> ExitStatus {
        self.0.wait().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn state(manager: &UnixDatagram) -> String {
    let mut buffer = [0; 256];
    manager.set_read_timeout(Some(LONG)).unwrap();
    let length = manager.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

fn socket() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn lives_and_tells(manager: &UnixDatagram, notify_socket: &str) {
    let mut service = Service::start(notify_socket, socket().0);
    assert_eq!(state(manager), "READY=1");
    service.terminate();
    assert_eq!(state(manager), "STOPPING=1");
    assert!(service.end().success());
}

#[test]
fn tells_a_socket_in_the_file_system() {
    let path = env::temp_dir().join(format!("hello-{}.notify", process::id()));
    let _ = fs::remove_file(&path);
    let manager = UnixDatagram::bind(&path).unwrap();
    lives_and_tells(&manager, path.to_str().unwrap());
    fs::remove_file(path).unwrap();
}

#[test]
fn tells_an_abstract_socket() {
    let name = format!("hello-{}.notify", process::id());
    let address = unix::SocketAddr::from_abstract_name(&name).unwrap();
    let manager = UnixDatagram::bind_addr(&address).unwrap();
    lives_and_tells(&manager, &format!("@{name}"));
}

#[test]
fn serves_although_nobody_hears_it() {
    let (listener, address) = socket();
    let mut service = Service::start("/nonexistent/notify", listener);
    Client::new(address, true).request().unwrap();
    service.terminate();
    assert!(service.end().success());
}

/// What `systemctl restart` does to a service with a socket unit, under load: every request is answered, by the old
/// process or the new one.
#[test]
fn no_request_is_lost_when_a_successor_takes_the_socket() {
    const CLIENTS: usize = 8;
    const SUCCESSORS: usize = 5;

    let (listener, address) = socket();
    let name = format!("hello-{}.load", process::id());
    let manager = UnixDatagram::bind_addr(&unix::SocketAddr::from_abstract_name(&name).unwrap());
    let manager = manager.unwrap();
    let notify_socket = format!("@{name}");
    let start = || {
        let service = Service::start(&notify_socket, listener.try_clone().unwrap());
        assert_eq!(state(&manager), "READY=1");
        service
    };

    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut service = start();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let mut client = Client::new(address, number % 2 == 0);
                let over = &over;
                scope.spawn(move || {
                    let mut answered = 0;
                    while !over.load(Ordering::Relaxed) {
                        client.request()?;
                        answered += 1;
                    }
                    Ok::<_, io::Error>(answered)
                })
            })
            .collect();
        for _ in 0..SUCCESSORS {
            thread::sleep(Duration::from_millis(100));
            service.terminate();
            assert_eq!(state(&manager), "STOPPING=1");
            assert!(service.end().success());
            service = start();
        }
        over.store(true, Ordering::Relaxed);
        for client in clients {
            assert!(client.join().unwrap().unwrap() > 0);
        }
    });
}

/// Sends one request after the other, each on its own connection or all on one for as long as the service lets it.
struct Client {
    address: SocketAddr,
    keeps: bool,
    kept: Option<TcpStream>,
}

impl Client {
    fn new(address: SocketAddr, keeps: bool) -> Self {
        Self {
            address,
            keeps,
            kept: None,
        }
    }

    fn request(&mut self) -> io::Result<()> {
        let mut stream = match self.kept.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address)?,
        };
        stream.set_read_timeout(Some(LONG))?;
        let wish = if self.keeps { "keep-alive" } else { "close" };
        let request = format!("GET / HTTP/1.1\r\nHost: hello\r\nConnection: {wish}\r\n\r\n");
        stream.write_all(request.as_bytes())?;

        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        // Every answer here is one small JSON object.
        while !answer.ends_with(b"}") {
            match stream.read(&mut buffer)? {
                0 => {
                    return Err(io::Error::other(
                        "the connection was closed without an answer",
                    ));
                }
                length => answer.extend_from_slice(&buffer[..length]),
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        if !answer.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other(answer.into_owned()));
        }
        if self.keeps && !answer.contains("connection: close") {
            self.kept = Some(stream);
        } else {
            stream.shutdown(Shutdown::Both)?;
        }
        Ok(())
    }
}
