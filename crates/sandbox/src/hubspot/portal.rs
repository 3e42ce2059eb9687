//! One HubSpot account: its records, definitions, pipelines, limits, and whether the app is installed.
//! It holds and finds; writing is in `crm::write`, showing in `crm::view`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::condition::Conditions;
use super::creates::Creates;
use super::crm::association::Labels;
use super::crm::kind::Kind;
use super::crm::pipeline::{Pipeline, Stage};
use super::crm::record::{Author, Record};
use super::crm::rules::Conditional;
use super::crm::schema::Schema;
use super::crm::store::Store;
use super::error::ApiError;
use super::event::{Change, Event};
use super::limit::{DailyLimit, RollingWindow};
use crate::options::Options;

/// How many searches an account may make in one second, whoever asks.
const SEARCHES_PER_SECOND: usize = 5;

/// The app as it stands in an account.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    /// The person who connected it.
    pub(crate) user_id: u64,
    /// What they allowed.
    pub(crate) scopes: Vec<String>,
}

/// The records of one kind and what may be in them.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// The records.
    pub(crate) store: Store,
    /// The properties.
    pub(crate) schema: Schema,
}

/// A HubSpot account.
#[derive(Debug)]
pub(crate) struct Portal {
    /// The hub id.
    pub(crate) id: u64,
    /// The name people know it by.
    pub(crate) name: String,
    /// When it was opened, in milliseconds since 1970.
    pub(crate) opened_ms: u64,
    /// The ways that deals go.
    pub(crate) pipelines: Vec<Pipeline>,
    /// The properties without which the account's admin lets no contact be made.
    pub(crate) required: Vec<String>,
    /// Whether one bad row refuses its whole batch, trace ids or not.
    pub(crate) all_or_nothing: bool,
    /// Contacts the API shows in a shape that nobody expects: properties by record.
    pub(crate) odd: HashMap<u64, Map<String, Value>>,
    /// The labels that associations may carry.
    pub(crate) labels: Labels,
    /// The optional scopes whose tool the account has not got: they are not granted here.
    pub(crate) missing_tools: Vec<String>,
    /// The properties that the account's admin requires because of the value of another one.
    pub(crate) conditional: Vec<Conditional>,
    /// Whether phone numbers must have their international form.
    pub(crate) phone_validation: bool,
    /// The app, while it is installed.
    pub(crate) installation: Option<Installation>,
    /// The app's requests, except searches.
    pub(crate) requests: RollingWindow,
    /// Searches.
    pub(crate) searches: RollingWindow,
    /// The requests of the day, all of them.
    pub(crate) daily: DailyLimit,
    /// How long a change takes to reach the search, in milliseconds; set by `set_search_lag`.
    pub(crate) search_lag_ms: u64,
    /// How often a contact was made with each address.
    pub(crate) creates: Creates,
    /// What holds for the time being.
    pub(super) conditions: Conditions,
    contacts: Shelf,
    deals: Shelf,
    outbox: Vec<Event>,
}

impl Portal {
    /// An account with nothing in it but HubSpot's own definitions.
    pub(crate) fn new(id: u64, name: &str, options: &Options, at_ms: u64) -> Self {
        let shelf = |kind| Shelf { store: Store::new(), schema: Schema::builtin(kind, at_ms) };
        Self {
            id,
            name: name.to_owned(),
            opened_ms: at_ms,
            pipelines: vec![Pipeline::sales()],
            required: Vec::new(),
            all_or_nothing: false,
            odd: HashMap::new(),
            labels: Labels::default(),
            missing_tools: Vec::new(),
            conditional: Vec::new(),
            phone_validation: false,
            installation: None,
            requests: RollingWindow::new(options.hubspot_requests_per_window, options.window_ms),
            searches: RollingWindow::new(SEARCHES_PER_SECOND, 1000),
            daily: DailyLimit::default(),
            search_lag_ms: 0,
            creates: Creates::default(),
            conditions: Conditions::default(),
            contacts: shelf(Kind::Contact),
            deals: shelf(Kind::Deal),
            outbox: Vec::new(),
        }
    }

    /// The records of a kind.
    pub(crate) fn store(&self, kind: Kind) -> &Store {
        &self.shelf(kind).store
    }

    /// The records of a kind, to be changed.
    pub(crate) fn store_mut(&mut self, kind: Kind) -> &mut Store {
        &mut self.shelf_mut(kind).store
    }

    /// From now on a change takes this long to reach the search.
    pub(crate) fn set_search_lag(&mut self, lag_ms: u64) {
        self.search_lag_ms = lag_ms;
        for kind in [Kind::Contact, Kind::Deal] {
            self.store_mut(kind).set_lag(lag_ms);
        }
    }

    /// The definitions of a kind.
    pub(crate) fn schema(&self, kind: Kind) -> &Schema {
        &self.shelf(kind).schema
    }

    /// The definitions of a kind, to be changed.
    pub(crate) fn schema_mut(&mut self, kind: Kind) -> &mut Schema {
        &mut self.shelf_mut(kind).schema
    }

    /// The record under exactly this id, unless it is archived.
    pub(crate) fn live(&self, kind: Kind, id: u64) -> Option<&Record> {
        self.store(kind).exact(id).filter(|record| !record.archived)
    }

    /// The present id of the record under an id or former id, unless it is archived.
    pub(crate) fn resolve(&self, kind: Kind, id: &str) -> Option<u64> {
        let id = self.store(kind).present_id(id.parse().ok()?);
        self.live(kind, id).map(|record| record.id)
    }

    /// The id of the record that holds a key.
    ///
    /// # Errors
    /// 400 when the property is no key.
    pub(crate) fn keyed(&self, kind: Kind, property: &str, value: &str) -> Result<Option<u64>, ApiError> {
        match self.schema(kind).live(property) {
            Some(definition) if definition.is_key() && property == "email" => {
                Ok(self.store(kind).holder(property, &value.trim().to_lowercase()))
            }
            Some(definition) if definition.is_key() => Ok(self.store(kind).holder(property, value)),
            _ => Err(ApiError::not_unique(kind, property, self.id)),
        }
    }

    /// The stage a deal is in.
    pub(crate) fn stage_of(&self, deal: &Record) -> Option<&Stage> {
        let pipeline = deal.stored("pipeline")?;
        self.stage(pipeline, deal.stored("dealstage")?)
    }

    /// A stage of a pipeline.
    pub(crate) fn stage(&self, pipeline: &str, stage: &str) -> Option<&Stage> {
        let pipeline = self.pipelines.iter().find(|known| known.id == pipeline)?;
        pipeline.stages.iter().find(|known| known.id == stage)
    }

    /// Notes what happened, for the app if it is installed and may read such records.
    pub(crate) fn tell(&mut self, kind: Kind, object_id: u64, author: Author, change: Change) {
        let may_hear = |app: &Installation| {
            kind.read_scopes().iter().any(|scope| app.scopes.iter().any(|granted| granted == scope))
        };
        if self.installation.as_ref().is_some_and(may_hear) {
            self.outbox.push(Event { kind, object_id, author, change });
        }
    }

    /// Hands out what happened since the last time.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.outbox)
    }

    fn shelf(&self, kind: Kind) -> &Shelf {
        match kind {
            Kind::Contact => &self.contacts,
            Kind::Deal => &self.deals,
        }
    }

    fn shelf_mut(&mut self, kind: Kind) -> &mut Shelf {
        match kind {
            Kind::Contact => &mut self.contacts,
            Kind::Deal => &mut self.deals,
        }
    }
}
