//! Retention: outcomes become daily counts, and what has ended goes, a little at a time and as often as one likes.

use std::sync::Arc;

use sea_orm::{ActiveValue::Set, EntityTrait as _, PaginatorTrait as _};
use sync_core::{
    access::audit::Actor,
    clock::{Clock, Micros},
    core::Core,
    installation::Installation,
    queue::outcome::Action,
    random::Random,
    storage::{
        Db,
        entity::{audit_entry, brake, brake_row, notice, outcome, preview_row, run},
    },
    views::activity::OutcomeFilter,
};
use tests::{
    database::Database,
    house::{BUSINESS, House},
    on_both_databases,
};

on_both_databases!(
    old_outcomes_become_counts_and_young_ones_stay,
    two_processes_that_thin_at_once_count_nothing_twice,
    runs_previews_brakes_and_notices_go_when_their_time_is_over_and_the_audit_log_stays,
);

const DAY: i64 = 24 * 3_600 * 1_000_000;
/// Noon, so that neither end of the day is near.
const NOW: i64 = 20_700 * DAY + DAY / 2;

/// A core whose clock stands at [`NOW`], one installation, and a way past it into the tables.
struct Bench {
    house: House,
    core: Arc<Core>,
    db: Db,
    installation: Installation,
}

impl Bench {
    async fn new(database: Database) -> Self {
        let house = House::new(database).await;
        house.stage.service.stop().await;
        let core = core_of(&house, 1).await;
        let addon = house.control().install_addon(BUSINESS).await.unwrap();
        let installation = core.install(BUSINESS, &addon, &Actor::command_line()).await.unwrap();
        let db = Db::connect(house.database().url()).await.unwrap();
        Self { house, core, db, installation }
    }

    /// Outcomes of a kind, spread over a day so many days ago.
    async fn outcomes(&self, days_ago: i64, count: i64, action: Action, reason: Option<&str>) {
        let start = NOW - NOW.rem_euclid(DAY) - days_ago * DAY;
        let rows: Vec<_> = (0..count)
            .map(|n| {
                let at = start + n * (DAY / (count + 1));
                outcome::ActiveModel {
                    id: Set(self.core.random().uuid(Micros(at))),
                    installation_id: Set(self.installation.id),
                    subject: Set("user".to_owned()),
                    subject_id: Set(format!("u{n}")),
                    action: Set(action.word().to_owned()),
                    reason: Set(reason.map(str::to_owned)),
                    fields: Set(String::new()),
                    user_id: Set(Some(format!("u{n}"))),
                    contact_id: Set(None),
                    deal_id: Set(None),
                    correlation_id: Set(None),
                    provider_code: Set(None),
                    at: Set(at),
                }
            })
            .collect();
        for chunk in rows.chunks(500) {
            outcome::Entity::insert_many(chunk.to_vec())
                .exec_without_returning(self.db.writer())
                .await
                .unwrap();
        }
    }

    async fn kept(&self) -> u64 {
        outcome::Entity::find().count(self.db.reader()).await.unwrap()
    }

    /// Daily counts as (days ago, action, reason, count).
    async fn counts(&self) -> Vec<(i64, &'static str, Option<String>, u64)> {
        let page = self.core.outcome_days(self.installation.scope(), None, 100).await.unwrap();
        let row = |row: sync_core::views::activity::DayRow| {
            ((NOW - row.day) / DAY, row.action.word(), row.reason, row.count)
        };
        page.items.into_iter().map(row).collect()
    }
}

async fn core_of(house: &House, seed: u64) -> Arc<Core> {
    let clock = Clock::manual(Micros(NOW));
    server::run::core_with(&house.stage.config, clock, Random::seeded(seed)).await.unwrap()
}

async fn old_outcomes_become_counts_and_young_ones_stay(database: Database) {
    let bench = Bench::new(database).await;
    let scope = bench.installation.scope();
    assert_eq!(bench.core.outcomes_kept_since(scope).await.unwrap(), None);
    bench.outcomes(32, 2_500, Action::Updated, None).await;
    bench.outcomes(31, 40, Action::Skipped, Some("staff")).await;
    bench.outcomes(31, 7, Action::Skipped, Some("user_gone")).await;
    bench.outcomes(30, 11, Action::Updated, None).await;
    bench.outcomes(0, 3, Action::Failed, Some("hubspot.refused")).await;

    let thinned = bench.core.thin_all().await.unwrap();
    assert_eq!((thinned.outcomes, bench.kept().await), (2_547, 14), "a day is kept whole");
    let expected = [
        (31, "skipped", Some("staff".to_owned()), 40),
        (31, "skipped", Some("user_gone".to_owned()), 7),
        (32, "updated", None, 2_500),
    ];
    assert_eq!(bench.counts().await, expected);
    let since = bench.core.outcomes_kept_since(scope).await.unwrap().unwrap();
    assert_eq!((NOW - since) / DAY, 30);

    // Again, nothing; with a shorter time, more of the same days.
    assert_eq!(bench.core.thin_all().await.unwrap().outcomes, 0);
    bench.outcomes(31, 5, Action::Skipped, Some("staff")).await;
    let mut settings = bench.installation.settings.clone();
    settings.outcome_days = 1;
    bench.core.change_settings(bench.installation.id, &settings, &Actor::command_line()).await.unwrap();
    assert_eq!(bench.core.thin_all().await.unwrap().outcomes, 16);
    let counts = bench.counts().await;
    assert_eq!((&counts[0], counts[1].3), (&(30, "updated", None, 11), 45));
    assert_eq!(bench.kept().await, 3);

    // A page at a time.
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = bench.core.outcome_days(scope, cursor.as_deref(), 1).await.unwrap();
        seen.extend(page.items.iter().map(|row| row.count));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [11, 45, 7, 2_500]);
    assert!(bench.core.outcome_days(scope, Some("no cursor"), 1).await.is_err());
    let shown = bench.core.outcomes(scope, &OutcomeFilter::default(), None, 10).await.unwrap();
    assert_eq!(shown.items.len(), 3);
}

async fn two_processes_that_thin_at_once_count_nothing_twice(database: Database) {
    let bench = Bench::new(database).await;
    bench.outcomes(40, 3_000, Action::Created, None).await;
    let (one, two) = (Arc::clone(&bench.core), core_of(&bench.house, 2).await);
    let (one, two) = tokio::join!(
        tests::spawn(async move { one.thin_all().await.unwrap().outcomes }),
        tests::spawn(async move { two.thin_all().await.unwrap().outcomes })
    );
    assert_eq!(one.unwrap() + two.unwrap(), 3_000);
    assert_eq!(bench.counts().await, [(40, "created", None, 3_000)]);
    assert_eq!(bench.kept().await, 0);
}

async fn runs_previews_brakes_and_notices_go_when_their_time_is_over_and_the_audit_log_stays(
    database: Database,
) {
    let bench = Bench::new(database).await;
    let (id, writer) = (bench.installation.id, bench.db.writer());
    let mut runs = Vec::new();
    for finished in [Some(91), Some(31), Some(1), None] {
        let row = run::ActiveModel {
            id: Set(bench.core.random().uuid(Micros(NOW - finished.unwrap_or(100) * DAY))),
            installation_id: Set(id),
            kind: Set("preview".to_owned()),
            state: Set(if finished.is_some() { "finished" } else { "running" }.to_owned()),
            cursor: Set(None),
            done: Set(0),
            total: Set(None),
            counts: Set("{}".to_owned()),
            started_at: Set(NOW - 100 * DAY),
            finished_at: Set(finished.map(|days| NOW - days * DAY)),
            reason: Set(None),
        };
        runs.push(run::Entity::insert(row).exec(writer).await.unwrap().last_insert_id);
    }
    for run_id in &runs {
        let rows = (0..3).map(|number| preview_row::ActiveModel {
            run_id: Set(*run_id),
            subject: Set("user".to_owned()),
            record: Set(format!("u{number}")),
            installation_id: Set(id),
            user_id: Set(Some(format!("u{number}"))),
            contact_id: Set(None),
            deal_id: Set(None),
            contact_action: Set("created".to_owned()),
            contact_fields: Set(String::new()),
            contact_refused: Set(String::new()),
            user_action: Set("unchanged".to_owned()),
            user_fields: Set(String::new()),
            user_refused: Set(String::new()),
            reason: Set(None),
        });
        preview_row::Entity::insert_many(rows).exec_without_returning(writer).await.unwrap();
    }
    let decided = brake::ActiveModel {
        installation_id: Set(id),
        state: Set("dropped".to_owned()),
        would_change: Set(60),
        linked: Set(100),
        run_id: Set(None),
        held_at: Set(NOW - 99 * DAY),
        decided_at: Set(Some(NOW - 91 * DAY)),
    };
    brake::Entity::insert(decided).exec_without_returning(writer).await.unwrap();
    let held = brake_row::ActiveModel {
        installation_id: Set(id),
        user_id: Set("u".to_owned()),
        subject: Set("user".to_owned()),
        subject_id: Set("u1".to_owned()),
        state: Set("held".to_owned()),
        fields: Set("phone".to_owned()),
    };
    brake_row::Entity::insert(held).exec_without_returning(writer).await.unwrap();
    for (n, closed) in [(1, Some(91)), (2, Some(89)), (3, None)] {
        let row = notice::ActiveModel {
            id: Set(bench.core.random().uuid(Micros(NOW))),
            installation_id: Set(id),
            cause: Set(format!("cause {n}")),
            records: Set(1),
            opened_at: Set(NOW - 99 * DAY),
            filed_at: Set(None),
            task_id: Set(None),
            closed_at: Set(closed.map(|days| NOW - days * DAY)),
            task_closed_at: Set(None),
            tries: Set(0),
            next_try_at: Set(None),
            problem: Set(None),
        };
        notice::Entity::insert(row).exec_without_returning(writer).await.unwrap();
    }
    let audit = audit_entry::Entity::find().count(writer).await.unwrap();

    let thinned = bench.core.thin_all().await.unwrap();
    // Two previews of three rows, one run, a brake with its row, one notice.
    assert_eq!(thinned.others, 6 + 1 + 2 + 1);
    assert_eq!(run::Entity::find().count(writer).await.unwrap(), 3);
    assert_eq!(preview_row::Entity::find().count(writer).await.unwrap(), 6);
    assert_eq!(brake::Entity::find().count(writer).await.unwrap(), 0);
    assert_eq!(notice::Entity::find().count(writer).await.unwrap(), 2);
    assert_eq!(audit_entry::Entity::find().count(writer).await.unwrap(), audit);
    assert_eq!(bench.core.thin_all().await.unwrap().others, 0);
}
