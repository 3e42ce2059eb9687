//! The database, its schema, and whether the master keys open what is in it.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sync_core::{
    clock::Clock,
    core::Core,
    random::Random,
    storage::{
        Db,
        open::{OpenError, is_there},
        schema::Schema,
    },
};

use super::{Check, Finding};
use crate::{
    config::Config,
    run::{core_on, refusal::Refusal},
};

const DATABASE: &str = "the database";
const SCHEMA: &str = "its schema";
const KEYS: &str = "the master keys";

/// The checks, and the core over a database that can be read.
pub(super) async fn look(config: &Config) -> (Vec<Check>, Option<Arc<Core>>) {
    let url = config.database_url.expose_secret();
    if !is_there(url) {
        let text = "is not there yet: `annex serve` makes it, and so does `annex migrate`".to_owned();
        return (vec![Check::new(DATABASE, Finding::Note(text))], None);
    }
    let db = match Db::open(url).await {
        Ok(db) => db,
        Err(error) => return (vec![Check::new(DATABASE, wrong(Refusal::from(error)))], None),
    };
    let mut checks = vec![Check::new(DATABASE, Finding::Good("answers".to_owned()))];
    let schema = match db.schema().await {
        Ok(schema) => schema,
        Err(error) => {
            checks.push(Check::new(SCHEMA, wrong(Refusal::from(OpenError::Migration(error)))));
            return (checks, None);
        }
    };
    let is_current = schema.pending.is_empty() && schema.unknown.is_empty();
    checks.push(Check::new(SCHEMA, told(schema)));
    if !is_current {
        return (checks, None);
    }
    match core_on(config, db, Clock::system(), Random::from_system()) {
        Ok(core) => {
            checks.push(Check::new(KEYS, keys(&core).await));
            (checks, Some(core))
        }
        Err(error) => {
            checks.push(Check::new(KEYS, Finding::Wrong(format!("{error:#}"))));
            (checks, None)
        }
    }
}

fn wrong(refusal: impl Into<Refusal>) -> Finding {
    Finding::Wrong(refusal.into().to_string())
}

fn told(schema: Schema) -> Finding {
    if !schema.unknown.is_empty() {
        return wrong(OpenError::Newer { unknown: schema.unknown });
    }
    if schema.applied.is_empty() {
        let text = "is not there yet: `annex serve` makes it, and so does `annex migrate`".to_owned();
        return Finding::Note(text);
    }
    if schema.pending.is_empty() {
        return Finding::Good("is up to date".to_owned());
    }
    Finding::Wrong(format!(
        "is older than this program. Run `annex migrate`, or start the service anew: it lacks {}",
        schema.pending.join(", ")
    ))
}

async fn keys(core: &Core) -> Finding {
    match core.check_master_keys().await {
        Ok(()) => Finding::Good("open what is stored".to_owned()),
        Err(error) => wrong(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(applied: &[&str], pending: &[&str], unknown: &[&str]) -> Finding {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        told(Schema { applied: names(applied), pending: names(pending), unknown: names(unknown) })
    }

    #[test]
    fn a_schema_that_is_not_this_programs_is_wrong_and_an_empty_one_is_not() {
        assert!(matches!(schema(&["m1"], &[], &[]), Finding::Good(_)));
        assert!(matches!(schema(&[], &["m1"], &[]), Finding::Note(_)));
        let Finding::Wrong(text) = schema(&["m1"], &["m2"], &[]) else { panic!("older") };
        assert!(text.contains("annex migrate") && text.contains("m2"), "{text}");
        let Finding::Wrong(text) = schema(&["m1", "m2"], &[], &["m2"]) else { panic!("newer") };
        assert!(text.contains("newer") && text.contains("m2"), "{text}");
    }
}
