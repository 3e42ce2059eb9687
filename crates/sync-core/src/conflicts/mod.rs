//! The conflict inbox: what no policy settles waits for a person, as ids, the field's name and the kind, never a value.
//!
//! A conflict stands until a look finds it gone: both sides are equal, or the pair is made. What a person chose is
//! kept beside it; the next sync of the user applies it once, and the conflict goes. `standing` keeps the rows,
//! `pair` applies a choice about whole pairs, `inbox` shows and takes the choices.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::{core::Core, error::Error, installation::Scope, merge::Side, storage::entity::conflict};

pub mod inbox;
pub mod live;
pub(crate) mod pair;
pub(crate) mod standing;

/// Rows in one statement: below SQLite's limit on bound values.
const ROWS_PER_STATEMENT: usize = 500;

/// Why a person has to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Both sides have a value of their own, and it is not known which is newer.
    NewestUnknown,
    /// The field went back and forth too often within an hour.
    Flips,
    /// The contact that fits this user is another user's.
    ContactOfAnotherUser,
    /// The user that fits this contact is another contact's.
    UserOfAnotherContact,
    /// The user's e-mail is another contact's.
    EmailOfAnotherContact,
    /// The contact's e-mail is another user's.
    EmailOfAnotherUser,
    /// Another contact carries the user's id.
    UserNamedByAnotherContact,
    /// The user's contact was merged into another user's.
    ContactsMerged,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::NewestUnknown,
        Self::Flips,
        Self::ContactOfAnotherUser,
        Self::UserOfAnotherContact,
        Self::EmailOfAnotherContact,
        Self::EmailOfAnotherUser,
        Self::UserNamedByAnotherContact,
        Self::ContactsMerged,
    ];

    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NewestUnknown => "newest_unknown",
            Self::Flips => "flips",
            Self::ContactOfAnotherUser => "contact_of_another_user",
            Self::UserOfAnotherContact => "user_of_another_contact",
            Self::EmailOfAnotherContact => "email_of_another_contact",
            Self::EmailOfAnotherUser => "email_of_another_user",
            Self::UserNamedByAnotherContact => "user_named_by_another_contact",
            Self::ContactsMerged => "contacts_merged",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What a person may choose.
    #[must_use]
    pub fn choices(self) -> &'static [Choice] {
        match self {
            Self::NewestUnknown | Self::Flips => &[Choice::User, Choice::Contact],
            Self::EmailOfAnotherContact | Self::EmailOfAnotherUser => {
                &[Choice::User, Choice::Contact, Choice::Leave]
            }
            Self::ContactOfAnotherUser
            | Self::UserOfAnotherContact
            | Self::UserNamedByAnotherContact
            | Self::ContactsMerged => &[Choice::Link, Choice::Apart],
        }
    }

    /// Whether the contact it is about is another one than the user's own, which the user stays linked to.
    pub(crate) fn is_of_third(self) -> bool {
        matches!(self, Self::EmailOfAnotherContact | Self::UserNamedByAnotherContact)
    }
}

/// What a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The user's value of the field.
    User,
    /// The contact's value of the field.
    Contact,
    /// Neither side's value of the field is touched while the same stands in the way: not asked again.
    Leave,
    /// User and contact belong together.
    Link,
    /// User and contact do not belong together: not asked again.
    Apart,
}

impl Choice {
    const ALL: [Self; 5] = [Self::User, Self::Contact, Self::Leave, Self::Link, Self::Apart];

    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Contact => "contact",
            Self::Leave => "leave",
            Self::Link => "link",
            Self::Apart => "apart",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.word() == word)
    }
}

/// What a person has to decide about a user, or has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The user.
    pub user_id: String,
    /// The field's name; none where it is about the whole pair.
    pub field: Option<String>,
    /// Why a person has to decide.
    pub kind: Kind,
    /// The contact it is about.
    pub contact_id: Option<String>,
    /// When it was first noticed, in microseconds since 1970.
    pub noticed_at: i64,
    /// What was chosen.
    pub choice: Option<Choice>,
    /// When it was chosen.
    pub decided_at: Option<i64>,
}

impl Conflict {
    /// Whose value of the field a person chose to keep.
    pub(crate) fn side(&self) -> Option<Side> {
        match self.choice? {
            Choice::User => Some(Side::User),
            Choice::Contact => Some(Side::Contact),
            Choice::Leave | Choice::Link | Choice::Apart => None,
        }
    }

    fn from_row(row: conflict::Model) -> Result<Self, Error> {
        let choice = row.choice.as_deref().map(Choice::from_word);
        Ok(Self {
            user_id: row.user_id,
            field: Some(row.field).filter(|field| !field.is_empty()),
            kind: Kind::from_word(&row.kind).ok_or(Error::Corrupt("conflict"))?,
            contact_id: row.contact_id,
            noticed_at: row.noticed_at,
            choice: choice.map(|choice| choice.ok_or(Error::Corrupt("choice"))).transpose()?,
            decided_at: row.decided_at,
        })
    }
}

impl Core {
    /// The users in whose way these contacts stand: a change of the contact may end that.
    pub(crate) async fn waiting_for_contacts(
        &self,
        scope: Scope,
        contact_ids: &[String],
    ) -> Result<Vec<String>, Error> {
        let of_third = Kind::ALL.into_iter().filter(|kind| kind.is_of_third());
        let rows = conflict::Entity::find()
            .filter(conflict::Column::InstallationId.eq(scope.id()))
            .filter(conflict::Column::ContactId.is_in(contact_ids))
            .filter(conflict::Column::Kind.is_in(of_third.map(Kind::word)))
            .all(self.db().reader())
            .await?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }

    /// The conflicts of these users, by user id.
    pub(crate) async fn conflicts_of(
        &self,
        scope: Scope,
        user_ids: &[String],
    ) -> Result<HashMap<String, Vec<Conflict>>, Error> {
        let mut found: HashMap<String, Vec<Conflict>> = HashMap::new();
        for ids in user_ids.chunks(ROWS_PER_STATEMENT) {
            let rows = conflict::Entity::find()
                .filter(conflict::Column::InstallationId.eq(scope.id()))
                .filter(conflict::Column::UserId.is_in(ids))
                .all(self.db().reader())
                .await?;
            for row in rows {
                found.entry(row.user_id.clone()).or_default().push(Conflict::from_row(row)?);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_choice_reads_back_from_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
        for choice in Choice::ALL {
            assert_eq!(Choice::from_word(choice.word()), Some(choice));
        }
    }
}
