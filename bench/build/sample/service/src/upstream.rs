use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, Context};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[derive(Clone)]
pub struct Upstream {
    host: Arc<str>,
    connector: TlsConnector,
    patience: Duration,
}

impl Upstream {
    pub fn new(host: String, patience: Duration) -> anyhow::Result<Self> {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            host: host.into(),
            connector: TlsConnector::from(Arc::new(config)),
            patience,
        })
    }

    pub async fn ask(&self, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        match tokio::time::timeout(self.patience, self.get(path)).await {
            Ok(answer) => answer,
            Err(_) => bail!("{} did not answer in {:?}", self.host, self.patience),
        }
    }

    async fn get(&self, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        let stream = TcpStream::connect((&*self.host, 443))
            .await
            .with_context(|| format!("cannot reach {}", self.host))?;
        let name = ServerName::try_from(self.host.to_string())?;
        let stream = self.connector.connect(name, stream).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "the connection broke");
            }
        });
        let request = Request::get(path)
            .header("host", &*self.host)
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_host_can_be_configured() {
        assert!(Upstream::new("localhost".to_owned(), Duration::from_secs(1)).is_ok());
    }
}
