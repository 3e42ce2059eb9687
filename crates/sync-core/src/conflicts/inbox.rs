//! The inbox as a person sees it: the list, and the choices. The values of both sides are `live`'s matter.

use std::collections::BTreeMap;
use text::text;

use hubspot::record::ObjectKind;
use sea_orm::{
    ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::Expr,
};

use super::{
    Choice, Conflict, Kind,
    pair::{Obstacle, Sides},
};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    installation::{Installation, Scope},
    queue::change::{Mark, Origin, Subject, mark_in},
    storage::entity::conflict,
    views::{Page, bounded},
};

/// What a person decided about one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// What becomes of each field, by its name: whose value is kept, or that it is left as it is.
    Fields(BTreeMap<String, Choice>),
    /// Whether user and contact belong together.
    Pair {
        /// They do.
        together: bool,
    },
}

impl Core {
    /// A page of what waits for a person, ordered by user and field.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn conflicts(
        &self,
        scope: Scope,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<Conflict>, Error> {
        let limit = bounded(limit);
        let mut query = conflict::Entity::find()
            .filter(conflict::Column::InstallationId.eq(scope.id()))
            .filter(conflict::Column::DecidedAt.is_null())
            .order_by_asc(conflict::Column::UserId)
            .order_by_asc(conflict::Column::Field)
            .limit(limit + 1);
        if let Some(cursor) = after {
            let (user, field) = cursor
                .split_once('~')
                .ok_or_else(|| Error::invalid("cursor", text!("refused-the-cursor-is-the")))?;
            query = query.filter(
                Condition::any().add(conflict::Column::UserId.gt(user)).add(
                    Condition::all()
                        .add(conflict::Column::UserId.eq(user))
                        .add(conflict::Column::Field.gt(field)),
                ),
            );
        }
        let rows = query.all(self.db().reader()).await?;
        let rows = rows.into_iter().map(Conflict::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(rows, limit, |row| format!("{}~{}", row.user_id, row.field.as_deref().unwrap_or(""))))
    }

    /// Everything a person has to decide, or has decided, about one user.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is nothing.
    pub async fn conflicts_about(&self, scope: Scope, user_id: &str) -> Result<Vec<Conflict>, Error> {
        let mut found = self.conflicts_of(scope, &[user_id.to_owned()]).await?;
        let mut rows = found.remove(user_id).ok_or(Error::NotFound)?;
        rows.sort_by(|one, other| one.field.cmp(&other.field));
        Ok(rows)
    }

    /// Takes a person's choice; the next sync of the user, which is asked for at once, carries it out.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no conflict, [`Error::Invalid`] where it is about something else,
    /// [`Error::NotNow`] where the pair cannot be linked, the provider's error where it does not say.
    pub async fn decide_conflicts(
        &self,
        installation: &Installation,
        user_id: &str,
        decided: &Decided,
        by: &Actor,
    ) -> Result<(), Error> {
        let known = self.conflicts_about(installation.scope(), user_id).await?;
        let choices: Vec<(&str, Choice)> = match decided {
            Decided::Fields(fields) => choices_of(&known, fields)?,
            Decided::Pair { together } => {
                let Some(pair) = known.iter().find(|known| known.field.is_none()) else {
                    return Err(Error::invalid("pair", text!("refused-the-conflict-of-this")));
                };
                if *together {
                    self.check_pair(installation, pair).await?;
                }
                vec![("", if *together { Choice::Link } else { Choice::Apart })]
            }
        };
        let (scope, now) = (installation.scope(), self.now_micros());
        let transaction = self.db().begin().await?;
        mark_in(&transaction, &[Mark::new(scope, Subject::User, user_id, Origin::Person)], now).await?;
        for (field, choice) in &choices {
            self.choose(&transaction, scope, user_id, field, *choice).await?;
        }
        let said = choices.iter().map(|(field, choice)| match *field {
            "" => choice.word().to_owned(),
            field => format!("{field}={}", choice.word()),
        });
        let detail = format!("{user_id} {}", said.collect::<Vec<_>>().join(" "));
        self.audit(&transaction, &Entry::about(by, scope.id(), "conflict.decided").with(detail)).await?;
        transaction.commit().await?;
        self.wake();
        Ok(())
    }

    async fn choose(
        &self,
        on: &DatabaseTransaction,
        scope: Scope,
        user_id: &str,
        field: &str,
        choice: Choice,
    ) -> Result<(), Error> {
        let chosen = conflict::Entity::update_many()
            .col_expr(conflict::Column::Choice, Expr::value(choice.word()))
            .col_expr(conflict::Column::DecidedAt, Expr::value(self.now_micros()))
            .filter(conflict::Column::InstallationId.eq(scope.id()))
            .filter(conflict::Column::UserId.eq(user_id))
            .filter(conflict::Column::Field.eq(field))
            .exec(on)
            .await?;
        if chosen.rows_affected == 0 {
            return Err(Error::NotNow(text!("refused-this-conflict-was-settled").to_owned()));
        }
        Ok(())
    }

    /// Whether the pair can be linked now, asked of both sides.
    async fn check_pair(&self, installation: &Installation, pair: &Conflict) -> Result<(), Error> {
        let account = self.account(installation).await?;
        let portal = self.portal(installation.scope()).await?;
        let gone = || Error::NotNow(text!("refused-hubspot-has-no-such").to_owned());
        let contact_id = pair.contact_id.as_deref().ok_or_else(gone)?;
        let contact = portal.get(ObjectKind::Contact, contact_id, &[CONTACT_USER_ID]).await?;
        let contact = contact.filter(|contact| contact.id == contact_id).ok_or_else(gone)?;
        let sides = Sides { scope: installation.scope(), account: &account, portal: &portal };
        match self.obstacle(&sides, &pair.user_id, &contact).await? {
            Ok(_) => Ok(()),
            // Of two contacts that are one by now, a person says whose it is.
            Err(Obstacle::OtherUser(_)) if pair.kind == Kind::ContactsMerged => Ok(()),
            Err(Obstacle::OtherUser(other)) => {
                Err(Error::NotNow(text!("refused-contact-is-linked-to", contact_id, other)))
            }
            Err(Obstacle::OtherContact(other)) => {
                Err(Error::NotNow(text!("refused-the-user-is-linked", other)))
            }
        }
    }
}

fn choices_of<'a>(
    known: &[Conflict],
    fields: &'a BTreeMap<String, Choice>,
) -> Result<Vec<(&'a str, Choice)>, Error> {
    if fields.is_empty() {
        return Err(Error::invalid("choices", text!("refused-choose-user-or-contact")));
    }
    fields
        .iter()
        .map(|(name, choice)| {
            let Some(known) = known.iter().find(|known| known.field.as_ref() == Some(name)) else {
                let message = text!("refused-there-is-nothing-to", name);
                return Err(Error::invalid("choices", message));
            };
            if !known.kind.choices().contains(choice) {
                let message = text!("refused-about-name-choose-user", name);
                return Err(Error::invalid("choices", message));
            }
            Ok((name.as_str(), *choice))
        })
        .collect()
}
