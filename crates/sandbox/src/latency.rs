//! How long each provider takes before it answers, beyond the work itself.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::provider::Provider;

/// The latency of both providers.
#[derive(Debug, Default)]
pub struct Latency {
    hubspot_ms: AtomicU64,
    storeganise_ms: AtomicU64,
}

/// The latency as it is posted to `/_sandbox/latency`; what is left out stays.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// HubSpot's, in milliseconds.
    pub hubspot_ms: Option<u64>,
    /// Storeganise's, in milliseconds.
    pub storeganise_ms: Option<u64>,
}

impl Latency {
    /// Changes what `setting` names and answers with what holds from now on.
    pub fn set(&self, setting: Setting) -> Setting {
        for (latency, ms) in
            [(&self.hubspot_ms, setting.hubspot_ms), (&self.storeganise_ms, setting.storeganise_ms)]
        {
            if let Some(ms) = ms {
                latency.store(ms, Ordering::Relaxed);
            }
        }
        Setting {
            hubspot_ms: Some(self.hubspot_ms.load(Ordering::Relaxed)),
            storeganise_ms: Some(self.storeganise_ms.load(Ordering::Relaxed)),
        }
    }

    /// Waits as long as `provider` takes.
    pub async fn wait(&self, provider: Provider) {
        let ms = match provider {
            Provider::Hubspot => self.hubspot_ms.load(Ordering::Relaxed),
            Provider::Storeganise => self.storeganise_ms.load(Ordering::Relaxed),
        };
        if ms > 0 {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
    }
}
