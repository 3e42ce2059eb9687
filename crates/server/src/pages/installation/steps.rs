//! The three steps of the product's guide, install, enable, authorise, and how far an installation has come.
//! Pure.

use sync_core::{connection::ConnectionState, installation::State, views::fleet::Summary};

use text::text;

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
            Self::Done => text!("steps-done"),
            Self::Current => text!("steps-next"),
            Self::ToDo => text!("steps-to-do"),
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
    let name = text!("steps-install");
    if installation.state == State::Pending {
        return Step {
            name,
            progress: Progress::Current,
            text: text!("steps-storeganise-announced-this-add").to_owned(),
            button: Some(Button { action: "accept", label: text!("steps-accept-installation") }),
        };
    }
    let text = text!(
        "steps-add-on-of-is",
        addon_id = installation.addon_id,
        business_code = installation.business_code
    );
    Step { name, progress: Progress::Done, text, button: None }
}

fn enable(summary: &Summary) -> Step {
    let name = text!("steps-enable");
    let (text, button) = match (summary.installation.state, summary.installation.addon_state.as_deref()) {
        (State::Enabled, Some("enabled")) => {
            let text = text!("steps-enabled-here-and-at").to_owned();
            return Step { name, progress: Progress::Done, text, button: None };
        }
        (State::Enabled, Some("disabled")) => (
            text!("steps-enabled-here-but-storeganise").to_owned(),
            Button { action: "ask-storeganise", label: text!("steps-ask-storeganise-again") },
        ),
        (State::Enabled, said) => (
            text!("steps-enabled-here-but-at", said = said.unwrap_or(text!("work-not-known"))),
            Button { action: "ask-storeganise", label: text!("steps-ask-storeganise-again") },
        ),
        (State::Paused, _) => (
            text!("steps-paused-here-nothing-is").to_owned(),
            Button { action: "enable", label: text!("steps-resume-syncing") },
        ),
        (State::Disabled, _) => (
            text!("steps-disabled-here-nothing-is").to_owned(),
            Button { action: "enable", label: text!("steps-enable-installation") },
        ),
        (State::Pending | State::Installed, _) => (
            text!("steps-enabling-makes-the-authorisation").to_owned(),
            Button { action: "enable", label: text!("steps-enable-installation") },
        ),
    };
    Step { name, progress: Progress::Current, text, button: Some(button) }
}

fn authorise(summary: &Summary) -> Step {
    let name = text!("steps-authorise");
    let (progress, text) = match &summary.connection {
        Some(connection) if connection.state == ConnectionState::Active => {
            (Progress::Done, text!("steps-the-business-connected-its", portal_id = connection.portal_id))
        }
        Some(connection) => {
            (Progress::Current, text!("steps-hubspot-account-no-longer", portal_id = connection.portal_id))
        }
        None => (Progress::Current, text!("steps-the-businesss-hubspot-admin").to_owned()),
    };
    Step { name, progress, text, button: None }
}
