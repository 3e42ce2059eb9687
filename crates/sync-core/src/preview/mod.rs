//! Previews: what a backfill would do, found out on the same path with writes off. `rows` is what was found (ids and
//! names of fields, no values), `report` counts it, `examples` shows a few records with their values, read live.
//!
//! A preview first goes through users and won deals as a backfill does, and then looks at them, some a step, in the
//! installation's turn: within its budgets, and behind what people wait for.

use std::collections::HashSet;

use crate::{
    connection::ConnectionState,
    core::Core,
    error::Error,
    installation::{Installation, State},
    queue::{
        change::{Subject, Taken},
        outcome::Action,
    },
    record::finding::{Effect, Finding},
    sweep::{
        begin_work,
        cursor::Phase,
        run::{Run, end, save},
    },
    turn::Turn,
    views::runs::RunState,
};

pub mod examples;
pub mod report;
pub(crate) mod rows;

impl Core {
    /// Whether both sides may be read: HubSpot answers, and neither side has disabled the installation. A paused
    /// one may: nothing is written.
    pub(crate) async fn may_preview(&self, installation: &Installation) -> Result<bool, Error> {
        let rests = matches!(installation.state, State::Pending | State::Disabled)
            || installation.addon_state.as_deref() == Some("disabled");
        if rests {
            return Ok(false);
        }
        let connection = self.connection(installation.scope()).await?;
        Ok(connection.is_some_and(|found| found.state == ConnectionState::Active))
    }

    /// Makes one step of a preview.
    pub(crate) async fn preview_step(
        &self,
        turn: &Turn,
        taken: &Taken,
        installation: &Installation,
        run: Run,
    ) -> Result<(), Error> {
        match run.phase() {
            Phase::Users | Phase::Deals => self.list_for_preview(turn, taken, installation, run).await,
            Phase::Work => self.look_ahead(turn, taken, run).await,
        }
    }

    /// Notes a page of what a backfill would go through.
    async fn list_for_preview(
        &self,
        turn: &Turn,
        taken: &Taken,
        installation: &Installation,
        mut run: Run,
    ) -> Result<(), Error> {
        let listed = self.list(turn, installation, &mut run).await?;
        let (scope, now) = (turn.scope(), self.now_micros());
        let transaction = self.fenced(&turn.lease).await?;
        rows::note(&transaction, scope, run.id, &listed).await?;
        rows::drop_of_older_previews(&transaction, scope).await?;
        let is_whole = run.phase() == Phase::Work;
        let pending = if is_whole { rows::pending(&transaction, scope, run.id).await? } else { 0 };
        if is_whole {
            begin_work(&mut run, pending, now);
        }
        if !save(&transaction, scope, &run).await? {
            return Ok(());
        }
        if is_whole && pending == 0 {
            end(&transaction, scope, run.id, (RunState::Finished, None), now).await?;
            self.mark_next(&transaction, turn, taken, now + self.until_next_sweep()).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Looks at some of the records that were noted; after the last of them the preview is over.
    async fn look_ahead(&self, turn: &Turn, taken: &Taken, mut run: Run) -> Result<(), Error> {
        let (scope, now) = (turn.scope(), self.now_micros());
        let dry = self.dry_turn(turn).await?;
        let unwritable = self.unwritable(&dry, &mut run).await?;
        let next = rows::next(self.db().reader(), scope, run.id).await?;
        let findings = match &next {
            Some((Subject::Deal, deals)) => self.look_at_deals(&dry, &run, deals).await?,
            Some((_, users)) => self.look_at_users(&dry, &run, users, &unwritable).await?,
            None => Vec::new(),
        };
        let transaction = self.fenced(&turn.lease).await?;
        if !save(&transaction, scope, &run).await? {
            return Ok(());
        }
        if let Some((subject, records)) = &next {
            rows::replace(&transaction, (scope, run.id), *subject, records, &findings).await?;
        }
        rows::drop_of_older_previews(&transaction, scope).await?;
        if rows::next(&transaction, scope, run.id).await?.is_none() {
            end(&transaction, scope, run.id, (RunState::Finished, None), now).await?;
            self.mark_next(&transaction, turn, taken, now + self.until_next_sweep()).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn look_at_users(
        &self,
        dry: &Turn,
        run: &Run,
        users: &[String],
        unwritable: &[String],
    ) -> Result<Vec<Finding>, Error> {
        let found = Box::pin(self.dry_users(dry, users, unwritable)).await?;
        let contacts: Vec<String> = found.iter().filter_map(|finding| finding.contact_id.clone()).collect();
        let owners = rows::owners(self.db().reader(), dry.scope(), run.id, &contacts).await?;
        let checked = found.into_iter().map(|finding| {
            let owner = finding.contact_id.as_ref().and_then(|contact| owners.get(contact));
            if owner.is_some_and(|owner| *owner != finding.record) {
                finding.contact_taken()
            } else {
                finding
            }
        });
        Ok(checked.collect())
    }

    async fn look_at_deals(&self, dry: &Turn, run: &Run, deals: &[String]) -> Result<Vec<Finding>, Error> {
        let made = rows::contacts_to_become_users(self.db().reader(), dry.scope(), run.id).await?;
        let mut made: HashSet<String> = made.into_iter().collect();
        let found = Box::pin(self.dry_deals(dry, deals, &mut made)).await?;
        let contacts: Vec<String> = found.iter().filter_map(|finding| finding.contact_id.clone()).collect();
        let owners = rows::owners(self.db().reader(), dry.scope(), run.id, &contacts).await?;
        // A contact whose user was looked at is counted there: the sync comes to users first.
        let counted =
            |finding: &Finding| finding.contact_id.as_ref().is_some_and(|id| owners.contains_key(id));
        let once = found.into_iter().map(|finding| match finding.contact.action {
            Action::Updated if counted(&finding) => {
                Finding { contact: Effect::of(Action::Unchanged), ..finding }
            }
            _ => finding,
        });
        Ok(once.collect())
    }

    /// The contact properties that take no value from us; asked for once in a preview.
    async fn unwritable(&self, dry: &Turn, run: &mut Run) -> Result<Vec<String>, Error> {
        let cursor = run.cursor.get_or_insert_default();
        if let Some(known) = &cursor.unwritable {
            return Ok(known.clone());
        }
        let properties = self.turn_portal(dry).await?.contact_properties().await?;
        let takes = |name: &str| properties.iter().any(|known| known.name == name && known.is_writable());
        let names = dry.fields.iter().map(|field| field.name().to_owned());
        let found: Vec<String> = names.filter(|name| !takes(name)).collect();
        cursor.unwritable = Some(found.clone());
        Ok(found)
    }
}
