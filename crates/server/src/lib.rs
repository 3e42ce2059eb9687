//! The Annex server: pages, JSON API, webhook intake, OAuth callback and command line.
//!
//! `config` reads how it is set up, `run` starts and stops it, `app` puts the router together out of `pages`
//! (for people), `api` (for programs) and `webhooks` (for the two providers). No query stands in this crate:
//! everything is asked of `sync_core`.

pub mod config;
pub mod run;
mod telemetry;

pub mod app;
mod layers;
mod preview_csv;
mod session_store;

mod api;
mod pages;
mod webhooks;
mod words;

pub mod cli;
pub mod demo;

#[cfg(test)]
mod rig;
