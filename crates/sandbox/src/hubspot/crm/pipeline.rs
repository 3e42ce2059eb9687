//! Deal pipelines and their stages. A stage is won by its probability, never by its name: the second
//! pipeline of a seeded portal has numeric stage ids for exactly that reason.

use serde_json::{Value, json};

use crate::clock;

/// A step of a pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// What deals carry in `dealstage`.
    pub(crate) id: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// From "0.0" (lost) to "1.0" (won), as text.
    pub(crate) probability: &'static str,
}

impl Stage {
    /// Whether a deal in this stage is won.
    pub(crate) fn is_won(&self) -> bool {
        self.probability == "1.0"
    }

    /// Whether a deal in this stage is lost.
    pub(crate) fn is_lost(&self) -> bool {
        self.probability == "0.0"
    }

    /// Whether a deal in this stage is over.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_won() || self.is_lost()
    }

    /// The probability as deals carry it: "1" rather than "1.0".
    pub(crate) fn plain_probability(&self) -> &'static str {
        self.probability.strip_suffix(".0").unwrap_or(self.probability)
    }
}

/// A way that deals go.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    /// What deals carry in `pipeline`.
    pub(crate) id: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// Its steps in order.
    pub(crate) stages: Vec<Stage>,
}

impl Pipeline {
    /// The pipeline every portal starts with.
    pub(crate) fn sales() -> Self {
        Self {
            id: "default",
            label: "Sales Pipeline",
            stages: stages(&[
                ("appointmentscheduled", "Appointment Scheduled", "0.2"),
                ("qualifiedtobuy", "Qualified To Buy", "0.4"),
                ("presentationscheduled", "Presentation Scheduled", "0.6"),
                ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
                ("contractsent", "Contract Sent", "0.9"),
                ("closedwon", "Closed Won", "1.0"),
                ("closedlost", "Closed Lost", "0.0"),
            ]),
        }
    }

    /// A pipeline someone made: numeric ids, and a won stage of its own.
    pub(crate) fn move_ins() -> Self {
        Self {
            id: "74839210",
            label: "Move-ins",
            stages: stages(&[
                ("148392101", "Enquiry", "0.1"),
                ("148392102", "Viewing booked", "0.5"),
                ("148392103", "Moved in", "1.0"),
                ("148392104", "Went elsewhere", "0.0"),
            ]),
        }
    }

    /// The pipeline as the API shows it.
    pub(crate) fn to_json(&self, position: usize, at_ms: u64) -> Value {
        let at = clock::iso(at_ms);
        json!({
            "id": self.id, "label": self.label, "displayOrder": position,
            "stages": self.stages_json(at_ms), "createdAt": at, "updatedAt": at, "archived": false,
        })
    }

    /// The stages as the API shows them; what is in `metadata` is text, whatever it means.
    pub(crate) fn stages_json(&self, at_ms: u64) -> Vec<Value> {
        let at = clock::iso(at_ms);
        let stages = self.stages.iter().enumerate().map(|(order, stage)| {
            json!({
                "id": stage.id, "label": stage.label, "displayOrder": order,
                "metadata": { "isClosed": stage.is_closed().to_string(), "probability": stage.probability },
                "createdAt": at, "updatedAt": at, "archived": false,
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            })
        });
        stages.collect()
    }
}

fn stages(list: &[(&'static str, &'static str, &'static str)]) -> Vec<Stage> {
    list.iter().map(|&(id, label, probability)| Stage { id, label, probability }).collect()
}
