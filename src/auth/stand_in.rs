//! A server for the tests of this room: it gives out prepared answers in order and writes down what it was asked. It judges
//! nothing.

#![expect(clippy::disallowed_methods, reason = "tests listen on the loopback interface")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::auth::{Applicant, Authority, Proof};
use crate::clock::Clock;
use crate::net::{Http, HttpOptions, Trace};
use crate::tenant::TenantUrl;

pub(super) const CLIENT: &str = "b6a9d0c4-71e2-4f0b-8d35-1f2e9c7a5580";
pub(super) const TENANT: &str = "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711";

pub(super) struct StandIn {
    pub(super) tenant_url: TenantUrl,
    asked: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// Answers each request with the next of `answers`, made for the address it listens on; the last one again and again.
    pub(super) async fn answering<const N: usize>(answers: impl FnOnce(&str) -> [String; N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answers = answers(&address);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let journal = Arc::clone(&asked);
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                journal.lock().unwrap().push(request);
                let answer = &answers[turn.min(N - 1)];
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        Self { tenant_url: TenantUrl::parse(&address).unwrap().url, asked }
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn authority(&self) -> Authority {
        Authority::for_tenant(&self.tenant_url, TENANT).unwrap()
    }

    /// Whoever asks here, as the app [`CLIENT`].
    pub(super) fn applicant<'a>(
        &'a self,
        http: &'a Http,
        clock: &'a Clock,
        authority: &'a Authority,
        proof: Proof<'a>,
    ) -> Applicant<'a> {
        Applicant {
            http,
            clock,
            authority,
            tenant_url: &self.tenant_url,
            client_id: CLIENT,
            proof,
            patience: std::time::Duration::from_secs(600),
        }
    }
}

async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return text;
        }
    }
}

/// A complete answer.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

pub(super) fn json(status: u16, body: &str) -> String {
    answer(status, "Content-Type: application/json; charset=utf-8\r\n", body)
}

pub(super) fn http() -> Http {
    let options = HttpOptions { idle_timeout: std::time::Duration::from_secs(10), ..HttpOptions::default() };
    Http::open(&options, Trace::default()).unwrap()
}
