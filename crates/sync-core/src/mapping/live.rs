//! Asking both sides what mappings can rest on: the portal's contact properties, and the newest users.
//!
//! Asked before mappings are saved, and once a day by the sweep, which renews the options of choices and notes
//! which properties no longer take their mapping.

use hubspot::{crm::Portal, error::Class, properties::Property};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use storeganise::user::{User, UsersQuery};
use time::{Duration, OffsetDateTime};

use super::{
    Mapping,
    check::{Warning, by_name, names, path, warnings},
    fit::{Fault, fit},
    offer::Offer,
    seen::Seen,
};
use crate::{
    connection::token::Access,
    core::Core,
    error::{Error, InvalidInput},
    installation::{Installation, Scope, install::json},
    retry::Disposition,
    settings::{Capabilities, MappingFault, Settings},
    storage::entity::installation,
    turn::Turn,
};

/// How many users are looked at: one page.
pub(super) const NEWEST_USERS: u32 = 200;
/// How far back the newest users are looked for, in days, before all are asked for. Storeganise sorts by nothing
/// we could ask for.
const WINDOWS_DAYS: [i64; 2] = [7, 365];
/// How often the sweep looks at the properties of mappings.
const RENEWED_EVERY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// Mappings that can be saved.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The mappings, with the options of choices as they are today.
    pub mappings: Vec<Mapping>,
    /// What to know about them.
    pub warnings: Vec<Warning>,
}

/// Both sides as they were read for a check.
pub(super) struct Live {
    pub portal: Portal,
    pub users: Vec<User>,
    properties: Vec<Property>,
    archived: Vec<Property>,
}

impl Core {
    /// Checks mappings against both sides.
    ///
    /// # Errors
    /// [`Error::InvalidInputs`] names every part of a mapping that cannot be; else a side cannot be asked.
    pub(crate) async fn check_mappings(
        &self,
        installation: &Installation,
        wanted: &[Mapping],
    ) -> Result<Checked, Error> {
        let problems = names(wanted);
        if !problems.is_empty() {
            return Err(Error::InvalidInputs(problems));
        }
        self.read_live(installation, wanted).await?.check(wanted)
    }

    /// Reads what a check of these mappings needs.
    pub(super) async fn read_live(
        &self,
        installation: &Installation,
        wanted: &[Mapping],
    ) -> Result<Live, Error> {
        let (portal, properties) = self.contact_properties(installation.scope()).await?;
        let archived = archived_ones(&portal, &properties, wanted).await?;
        let users = self.newest_users(installation).await?;
        Ok(Live { portal, users, properties, archived })
    }

    /// The portal and its contact properties. A token that was refused is renewed once.
    async fn contact_properties(&self, scope: Scope) -> Result<(Portal, Vec<Property>), Error> {
        let Access { portal, grant } = self.access(scope).await?;
        match portal.contact_properties().await {
            Err(error) if error.class() == Class::Unauthorised => {
                self.forget_access_token(scope, &grant).await?;
                let portal = self.portal(scope).await?;
                let properties = portal.contact_properties().await?;
                Ok((portal, properties))
            }
            read => Ok((portal, read?)),
        }
    }

    /// The users that changed last, with their custom fields, the newest first.
    async fn newest_users(&self, installation: &Installation) -> Result<Vec<User>, Error> {
        let account = self.account(installation).await?;
        let now = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.now_micros()) * 1_000).ok();
        let windows = WINDOWS_DAYS.map(|days| now.map(|now| now - Duration::days(days)));
        let mut users = Vec::new();
        for updated_after in windows.into_iter().chain([None]) {
            let query = UsersQuery { updated_after, limit: NEWEST_USERS, offset: 0, custom_fields: true };
            users = account.users_page(&query).await?.records;
            if users.len() >= NEWEST_USERS as usize {
                break;
            }
        }
        users.sort_by_key(|user| std::cmp::Reverse(user.updated));
        Ok(users)
    }

    /// Renews the options of mapped choices, and notes which properties no longer take their mapping. Once a day;
    /// a portal that refuses to show its properties keeps nothing else from going on.
    pub(crate) async fn renew_mappings(&self, turn: &Turn, installation: &Installation) -> Result<(), Error> {
        let mappings = &installation.settings.custom_fields;
        let checked_at = installation.capabilities.mappings_checked_at;
        let is_fresh = checked_at.is_some_and(|at| self.now_micros() - at < RENEWED_EVERY_MICROS);
        if mappings.is_empty() || is_fresh {
            return Ok(());
        }
        let portal = self.turn_portal(turn).await?;
        let read = async {
            let properties = portal.contact_properties().await?;
            let archived = archived_ones(portal, &properties, mappings).await?;
            Ok::<_, Error>((properties, archived))
        };
        let (properties, archived) = match read.await {
            Ok(read) => read,
            Err(error) if Disposition::of(&error) == Disposition::Reject => {
                tracing::warn!(
                    installation.id = %installation.id,
                    cause = error.code(),
                    "the properties of mapped fields cannot be looked at"
                );
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let fits = fits(mappings, &properties, &archived);
        self.keep_renewed(turn, mappings, fits).await
    }

    /// Writes what was found onto the settings as they are by now: a person may have changed them meanwhile.
    async fn keep_renewed(
        &self,
        turn: &Turn,
        asked: &[Mapping],
        fits: Vec<Result<Mapping, Fault>>,
    ) -> Result<(), Error> {
        let faults: Vec<MappingFault> = asked
            .iter()
            .zip(&fits)
            .filter_map(|(mapping, fit)| {
                let fault = fit.as_ref().err()?.clone();
                let (user_field, contact_property) =
                    (mapping.user_field.clone(), mapping.contact_property.clone());
                Some(MappingFault { user_field, contact_property, fault })
            })
            .collect();
        let transaction = self.fenced(&turn.lease).await?;
        let row = installation::Entity::find_by_id(turn.scope().id()).one(&transaction).await?;
        let row = row.ok_or(Error::NotFound)?;
        let mut settings: Settings =
            serde_json::from_str(&row.settings).map_err(|_| Error::Corrupt("settings"))?;
        let known: Capabilities =
            serde_json::from_str(&row.capabilities).map_err(|_| Error::Corrupt("capabilities"))?;
        for mapping in &mut settings.custom_fields {
            let renewed = fits.iter().flatten().find(|renewed| renewed.says_the_same_as(mapping));
            if let Some(renewed) = renewed {
                mapping.options.clone_from(&renewed.options);
            }
        }
        let capabilities =
            Capabilities { mappings_checked_at: Some(self.now_micros()), mapping_faults: faults, ..known };
        let row = installation::ActiveModel {
            id: Set(row.id),
            settings: Set(json(&settings)),
            capabilities: Set(json(&capabilities)),
            ..Default::default()
        };
        installation::Entity::update(row).exec(&transaction).await?;
        Ok(transaction.commit().await?)
    }
}

impl Live {
    /// What they offer to be mapped.
    pub(super) fn offer(&self) -> Offer {
        Offer::of(&self.users, &self.properties)
    }

    /// Checks mappings whose names are in order.
    pub(super) fn check(&self, wanted: &[Mapping]) -> Result<Checked, Error> {
        let (mut problems, mut warned, mut mappings) = (Vec::new(), Vec::new(), Vec::new());
        let live = by_name(&self.properties);
        let seen = Seen::of(&self.users);
        for (index, fit) in fits(wanted, &self.properties, &self.archived).into_iter().enumerate() {
            let mapping = match fit {
                Ok(mapping) => mapping,
                Err(fault) => {
                    let at = path(index, "contact_property");
                    problems.push(InvalidInput::new(at, fault.words(&wanted[index])));
                    wanted[index].clone()
                }
            };
            match seen.check(index, &mapping) {
                Ok(warning) => warned.extend(warning),
                Err(problem) => problems.push(problem),
            }
            if let Some(property) = live.get(mapping.contact_property.as_str()) {
                warned.extend(warnings(index, &mapping, property));
            }
            mappings.push(mapping);
        }
        if problems.is_empty() {
            Ok(Checked { mappings, warnings: warned })
        } else {
            Err(Error::InvalidInputs(problems))
        }
    }
}

/// Each mapping with the options of its property, or why the property does not take it.
fn fits(wanted: &[Mapping], properties: &[Property], archived: &[Property]) -> Vec<Result<Mapping, Fault>> {
    let (live, archived) = (by_name(properties), by_name(archived));
    let one = |mapping: &Mapping| {
        let name = mapping.contact_property.as_str();
        match live.get(name) {
            Some(property) => fit(mapping, property).map(|options| Mapping { options, ..mapping.clone() }),
            None if archived.contains_key(name) => Err(Fault::Archived),
            None => Err(Fault::Missing),
        }
    };
    wanted.iter().map(one).collect()
}

/// The archived properties, asked for only where a mapping's property is not among the live ones.
async fn archived_ones(
    portal: &Portal,
    properties: &[Property],
    wanted: &[Mapping],
) -> Result<Vec<Property>, hubspot::error::Error> {
    let live = by_name(properties);
    if wanted.iter().all(|mapping| live.contains_key(mapping.contact_property.as_str())) {
        return Ok(Vec::new());
    }
    portal.archived_contact_properties().await
}
