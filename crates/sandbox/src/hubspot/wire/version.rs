//! The families of paths on which the same API answers (reference 0.2), and what differs between them: where the
//! version stands in a path, and whether the rules of a portal's admin bind a write.

/// One family of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::hubspot) enum Version {
    /// `v3`, and `v4` for associations.
    Numbered,
    /// `2026-03`.
    March2026,
    /// `2026-09`.
    September2026,
}

impl Version {
    /// Every family that is simulated.
    pub(in crate::hubspot) const ALL: [Self; 3] = [Self::Numbered, Self::March2026, Self::September2026];

    /// The path of a part of the CRM, such as `/crm/objects/2026-09` or `/crm/v3/objects`.
    pub(super) fn crm(self, part: &str) -> String {
        match (self, part) {
            (Self::Numbered, "associations") => format!("/crm/v4/{part}"),
            (Self::Numbered, _) => format!("/crm/v3/{part}"),
            (dated, _) => format!("/crm/{part}/{}", dated.word()),
        }
    }

    /// The path of a service beside the CRM, such as `/account-info/2026-09`.
    pub(in crate::hubspot) fn service(self, name: &str) -> String {
        format!("/{name}/{}", self.word())
    }

    /// From 2026-09 on a write must obey what the portal's admin requires of people (reference 0.1, fact 5).
    pub(in crate::hubspot) fn obeys_the_admin(self) -> bool {
        self == Self::September2026
    }

    /// Whether the id at the far end of an association is text: the published clients of the numbered paths say so,
    /// the documentation of the dated ones shows a number.
    pub(in crate::hubspot) fn ids_are_text(self) -> bool {
        self == Self::Numbered
    }

    fn word(self) -> &'static str {
        match self {
            Self::Numbered => "v3",
            Self::March2026 => "2026-03",
            Self::September2026 => "2026-09",
        }
    }
}
