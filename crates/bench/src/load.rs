//! Load over kept connections: as many requests as fit into a time, each answer read to its end and counted.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::report::within;

/// One connection that is kept.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Where it sends us.
    pub(crate) location: Option<String>,
    /// Its body.
    pub(crate) body: Bytes,
}

/// What a load came to.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// Answers of 2xx.
    pub(crate) answered: u64,
    /// How long it took.
    pub(crate) took: Duration,
    /// How long each answer took, shortest first.
    pub(crate) latencies: Vec<Duration>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open(authority: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        drive(connection);
        Ok(Self { sender, authority: authority.to_owned() })
    }

    /// Looks something up.
    ///
    /// # Errors
    /// No answer, or none of 2xx or 3xx.
    pub(crate) async fn get(&mut self, path: &str, token: Option<&str>) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path, token, "application/json").body(Full::default())?).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// As [`Connection::get`].
    pub(crate) async fn post(
        &mut self,
        path: &str,
        token: Option<&str>,
        body: &serde_json::Value,
    ) -> anyhow::Result<Answer> {
        let request = self.request(Method::POST, path, token, "application/json");
        self.send(request.body(Full::from(body.to_string()))?).await
    }

    /// Puts JSON in the place of what is there.
    ///
    /// # Errors
    /// As [`Connection::get`].
    pub(crate) async fn put(
        &mut self,
        path: &str,
        token: Option<&str>,
        body: &serde_json::Value,
    ) -> anyhow::Result<Answer> {
        let request = self.request(Method::PUT, path, token, "application/json");
        self.send(request.body(Full::from(body.to_string()))?).await
    }

    /// Sends a form.
    ///
    /// # Errors
    /// As [`Connection::get`].
    pub(crate) async fn post_form(&mut self, path: &str, body: String) -> anyhow::Result<Answer> {
        let request = self.request(Method::POST, path, None, "application/x-www-form-urlencoded");
        self.send(request.body(Full::from(body))?).await
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>, kind: &str) -> http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, kind);
        match token {
            Some(token) => request.header(header::AUTHORIZATION, token),
            None => request,
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let path = request.uri().path().to_owned();
        // A connection is ready again a moment after its last answer was read: its own task says so.
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status().as_u16();
        let location =
            answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status < 400, "{path} answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(Answer { status, location, body })
    }
}

impl Measured {
    /// Answers in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }

    /// The time within which this share of all answers came.
    pub(crate) fn within(&self, share: f64) -> Duration {
        within(&self.latencies, share)
    }
}

/// Asks for the same address again and again, over `connections`, for `time`.
///
/// # Errors
/// Any answer that is not of 2xx ends it.
pub(crate) async fn get_for(
    authority: &str,
    path: &str,
    token: &str,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Measured> {
    let (path, token): (Arc<str>, Arc<str>) = (path.into(), token.into());
    let began = Instant::now();
    let mut running = Vec::new();
    for _ in 0..connections {
        let mut connection = Connection::open(authority).await?;
        let (path, token) = (Arc::clone(&path), Arc::clone(&token));
        running.push(spawn(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < time {
                let sent = Instant::now();
                let answer = connection.get(&path, Some(&token)).await?;
                ensure!(answer.status == 200, "answered {}", answer.status);
                latencies.push(sent.elapsed());
            }
            Ok(latencies)
        }));
    }
    let mut latencies: Vec<Duration> = Vec::new();
    for one in running {
        latencies.extend(one.await.context("a connection's task panicked")??);
    }
    latencies.sort_unstable();
    Ok(Measured { answered: latencies.len() as u64, took: began.elapsed(), latencies })
}

#[expect(clippy::disallowed_methods, reason = "the load waits for each of its tasks")]
fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::spawn(work)
}

/// Lets something go on beside us until it ends by itself, such as moving a connection's bytes.
pub(crate) fn drive(connection: impl Future<Output: Send> + Send + 'static) {
    drop(spawn(connection));
}
