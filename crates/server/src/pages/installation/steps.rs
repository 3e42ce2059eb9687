//! The three steps of the product's guide, install, enable, authorise, and how far an installation has come.
//! Pure.

use sync_core::{connection::ConnectionState, installation::State, views::fleet::Summary};

/// One step as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What the step is called.
    pub name: &'static str,
    /// How far it is.
    pub progress: Progress,
    /// What was done, or what is to be done, as a sentence.
    pub text: String,
    /// The button that does it.
    pub button: Option<Button>,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing is left to do.
    Done,
    /// It is this one's turn.
    Current,
    /// Another one comes first.
    ToDo,
}

/// A button that sends a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Button {
    /// The last part of the address under the installation's own.
    pub action: &'static str,
    /// What stands on it.
    pub label: &'static str,
}

impl Progress {
    /// The word shown.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Current => "next",
            Self::ToDo => "to do",
        }
    }

    /// The class its colour comes from.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Current => "current",
            Self::ToDo => "todo",
        }
    }

    /// The shape beside the word.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Done => "✓",
            Self::Current => "▶",
            Self::ToDo => "○",
        }
    }
}

/// The steps of an installation, in their order.
pub(super) fn steps(summary: &Summary) -> [Step; 3] {
    let install = install(summary);
    let mut enable = enable(summary);
    if install.progress != Progress::Done {
        enable = Step { progress: Progress::ToDo, button: None, ..enable };
    }
    let mut authorise = authorise(summary);
    let waits = enable.progress != Progress::Done && authorise.progress == Progress::Current;
    if waits {
        authorise.progress = Progress::ToDo;
    }
    [install, enable, authorise]
}

fn install(summary: &Summary) -> Step {
    let installation = &summary.installation;
    let name = "Install";
    if installation.state == State::Pending {
        return Step {
            name,
            progress: Progress::Current,
            text: "Storeganise announced this add-on with a signed event. Accept it if it is one of ours."
                .to_owned(),
            button: Some(Button { action: "accept", label: "Accept installation" }),
        };
    }
    let text = format!("Add-on {} of {} is known here.", installation.addon_id, installation.business_code);
    Step { name, progress: Progress::Done, text, button: None }
}

fn enable(summary: &Summary) -> Step {
    let name = "Enable";
    let (text, button) = match (summary.installation.state, summary.installation.addon_state.as_deref()) {
        (State::Enabled, Some("enabled")) => {
            let text = "Enabled here and at Storeganise.".to_owned();
            return Step { name, progress: Progress::Done, text, button: None };
        }
        (State::Enabled, Some("disabled")) => (
            "Enabled here, but Storeganise refuses access: the add-on is disabled there. Enable it on the \
             business's Add-ons page, then ask again."
                .to_owned(),
            Button { action: "ask-storeganise", label: "Ask Storeganise again" },
        ),
        (State::Enabled, said) => (
            format!(
                "Enabled here, but at Storeganise the add-on is {}. Enable it on the business's Add-ons page, \
                 then ask again.",
                said.unwrap_or("not known")
            ),
            Button { action: "ask-storeganise", label: "Ask Storeganise again" },
        ),
        (State::Paused, _) => (
            "Paused here: nothing is sent, and changes collect.".to_owned(),
            Button { action: "enable", label: "Resume syncing" },
        ),
        (State::Disabled, _) => (
            "Disabled here: nothing is sent, and no change collects.".to_owned(),
            Button { action: "enable", label: "Enable installation" },
        ),
        (State::Pending | State::Installed, _) => (
            "Enabling makes the authorisation link for the business.".to_owned(),
            Button { action: "enable", label: "Enable installation" },
        ),
    };
    Step { name, progress: Progress::Current, text, button: Some(button) }
}

fn authorise(summary: &Summary) -> Step {
    let name = "Authorise";
    let (progress, text) = match &summary.connection {
        Some(connection) if connection.state == ConnectionState::Active => {
            (Progress::Done, format!("The business connected its HubSpot account {}.", connection.portal_id))
        }
        Some(connection) => (
            Progress::Current,
            format!(
                "HubSpot account {} no longer lets us in. The business has to open its link and authorise again.",
                connection.portal_id
            ),
        ),
        None => (
            Progress::Current,
            "The business's HubSpot admin opens the authorisation link and agrees at HubSpot.".to_owned(),
        ),
    };
    Step { name, progress, text, button: None }
}
