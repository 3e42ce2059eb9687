//! The demo: both remote systems, simulated, and the service beside them in one process, without any
//! configuration. `stage` sets it up, `visitor` is a person's browser, `control` moves the simulated systems,
//! `story` walks the whole way by itself. The end-to-end tests stand on the same stage.

pub mod control;
pub mod stage;
pub mod story;
pub mod visitor;
