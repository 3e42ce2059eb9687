//! A service starts on a port of the system's choice, answers, and stops for good.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;
use crate::rig;

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_started_service_answers_until_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = rig::config(&folder, "127.0.0.1:9");
    config.base_url = format!("http://{}", listener.local_addr().unwrap());
    let running = start(config, listener).await.unwrap();
    let address = running.address;
    assert!(ask(address).await.unwrap().starts_with("HTTP/1.1 200"));
    running.stop().await;
    assert!(ask(address).await.is_err());
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_said_by_the_name_of_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = rig::config(&folder, "127.0.0.1:9");
    config.database_url = "sqlite:///nowhere/at/all/annex.db".to_owned().into();
    let error = core_of(&config).await.unwrap_err();
    assert!(error.to_string().contains("ANNEX_DATABASE_URL"), "{error}");
}
