//! How many deliveries are on the wire at once: a receiver that answers only when it is told to.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, routing::post};
use tokio::{
    net::TcpListener,
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
};
use tokio_util::task::TaskTracker;

use super::{ACCOUNT_IN_FLIGHT, Delivery, Prepared, WebhookRequest};
use crate::{clock::Clock, faults::Faults, provider::Provider};

/// No test needs this long unless it is stuck.
const STUCK: Duration = Duration::from_secs(20);

/// A webhook that waits for its answer.
struct Held {
    account: String,
    answer: oneshot::Sender<()>,
}

/// Where webhooks arrive and wait.
struct Receiver {
    url: String,
    held: UnboundedReceiver<Held>,
}

impl Receiver {
    async fn listen() -> Self {
        let (sender, held) = unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new().route("/hook", post(hold)).with_state(sender);
        TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
        Self { url, held }
    }

    async fn next(&mut self) -> Held {
        tokio::time::timeout(STUCK, self.held.recv()).await.expect("one more arrives").unwrap()
    }
}

async fn hold(State(held): State<UnboundedSender<Held>>, body: Bytes) {
    let (answer, answered) = oneshot::channel();
    held.send(Held { account: String::from_utf8_lossy(&body).into_owned(), answer }).unwrap();
    answered.await.unwrap();
}

fn send(delivery: &Delivery, url: &str, account: u64) {
    let prepared = Prepared { headers: Vec::new(), body: account.to_string().into_bytes() };
    delivery.send(WebhookRequest {
        provider: Provider::Hubspot,
        url: url.to_owned(),
        accounts: vec![account],
        prepare: Box::new(move |_| Some(prepared.clone())),
    });
}

fn delivery() -> Delivery {
    Delivery::new(Arc::new(Clock::system()), Arc::new(Faults::new(1)), 1, 1)
}

#[tokio::test]
async fn an_account_never_has_more_deliveries_on_the_wire_than_its_limit() {
    let (delivery, mut receiver) = (delivery(), Receiver::listen().await);
    for _ in 0..ACCOUNT_IN_FLIGHT + 5 {
        send(&delivery, &receiver.url, 1);
    }
    send(&delivery, &receiver.url, 2);
    let mut held = Vec::new();
    for _ in 0..=ACCOUNT_IN_FLIGHT {
        held.push(receiver.next().await);
    }
    let (mut first, second): (Vec<Held>, Vec<Held>) = held.into_iter().partition(|held| held.account == "1");
    assert_eq!((first.len(), second.len()), (ACCOUNT_IN_FLIGHT, 1), "another account has its own places");
    for _ in 0..5 {
        assert!(receiver.held.try_recv().is_err(), "no more than the limit");
        first.pop().unwrap().answer.send(()).unwrap();
        first.push(receiver.next().await);
    }
    delivery.stop().await;
}

#[tokio::test]
async fn a_raised_limit_lets_the_waiting_ones_go() {
    let (delivery, mut receiver) = (delivery(), Receiver::listen().await);
    for _ in 0..ACCOUNT_IN_FLIGHT + 5 {
        send(&delivery, &receiver.url, 1);
    }
    let mut held = Vec::new();
    for _ in 0..ACCOUNT_IN_FLIGHT {
        held.push(receiver.next().await);
    }
    delivery.limit_accounts(ACCOUNT_IN_FLIGHT + 5);
    for _ in 0..5 {
        held.push(receiver.next().await);
    }
    delivery.stop().await;
}
