//! The pipelines of a portal, and which of their stages mean that a deal is won.

use serde::Deserialize;

use crate::lenient;

/// One pipeline of deals.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pipeline {
    /// Its id; `default` for the one every portal has.
    #[serde(deserialize_with = "lenient::id")]
    pub id: String,
    /// Its name in the portal.
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    pub label: String,
    /// Its stages.
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    pub stages: Vec<Stage>,
}

/// One stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireStage")]
pub struct Stage {
    /// Its id; never taken for granted, because portals make their own.
    pub id: String,
    /// Its name in the portal.
    pub label: String,
    /// Whether a deal in it is won.
    pub won: bool,
    /// Whether a deal in it is closed, won or lost.
    pub closed: bool,
}

#[derive(Deserialize)]
pub(crate) struct Pipelines {
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    pub(crate) results: Vec<Pipeline>,
}

#[derive(Deserialize)]
struct WireStage {
    #[serde(deserialize_with = "lenient::id")]
    id: String,
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    label: String,
    #[serde(default, deserialize_with = "lenient::or_empty")]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    #[serde(deserialize_with = "lenient::optional_text")]
    probability: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    is_closed: Option<String>,
}

impl From<WireStage> for Stage {
    fn from(stage: WireStage) -> Self {
        let probability: Option<f64> = stage.metadata.probability.and_then(|text| text.parse().ok());
        let certain = probability.is_some_and(|p| p == 1.0 || p == 0.0);
        // HubSpot's guide leaves `isClosed` out; without it a certain outcome means closed.
        let closed = stage.metadata.is_closed.map_or(certain, |text| text == "true");
        Self { id: stage.id, label: stage.label, won: closed && probability == Some(1.0), closed }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stage_is_won_by_its_metadata_and_not_by_its_id() {
        for (metadata, won, closed) in [
            (json!({ "isClosed": "true", "probability": "1.0" }), true, true),
            (json!({ "isClosed": true, "probability": 1 }), true, true),
            (json!({ "probability": "1.0" }), true, true),
            (json!({ "isClosed": "true", "probability": "0.0" }), false, true),
            (json!({ "isClosed": "false", "probability": "1.0" }), false, false),
            (json!({ "isClosed": "false", "probability": "0.4" }), false, false),
            (json!({}), false, false),
            (json!(null), false, false),
        ] {
            let body = json!({ "id": "closedwon", "label": "Closed Won", "metadata": metadata });
            let stage: Stage = lenient::read(body.to_string().as_bytes()).unwrap();
            assert_eq!((stage.won, stage.closed), (won, closed), "{metadata}");
        }
    }
}
