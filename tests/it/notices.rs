//! Notices: what needs a person is told by one Storeganise task per cause, which is closed when it is over.

use std::sync::Arc;

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::{Value, json};
use server::demo::story::Story;
use sync_core::{
    access::audit::Actor,
    clock::Clock,
    core::Core,
    health::{Cause, Health},
    installation::{Installation, Scope},
    notices::{NoticeRow, NoticeState},
    queue::change::{Mark, Origin, Subject},
    random::Random,
    settings::Settings,
    storage::{
        Db,
        entity::{brake, conflict},
    },
    views::overview::FleetFilter,
    worker::Worked,
};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    many_refused_records_are_one_task_and_it_is_closed_once_they_are_mended,
    lost_access_is_one_task_with_the_link_and_is_over_once_authorised_again,
    a_business_that_wants_no_tasks_gets_none_and_those_it_has_are_closed,
    a_brake_and_conflicts_are_told_and_show_in_the_health,
    a_task_that_is_refused_is_filed_later_and_never_holds_the_sync,
    a_lost_answer_files_no_second_task,
    what_comes_back_within_a_day_is_not_told_again,
);

async fn tasks(house: &House) -> Vec<Value> {
    let found = house.control().get(&format!("storeganise/{BUSINESS}/tasks")).await.unwrap();
    found.as_array().unwrap().clone()
}

async fn notices(core: &Core, scope: Scope) -> Vec<NoticeRow> {
    core.notices(scope, None, 50).await.unwrap().items
}

/// Waits until a notice has come to one of these states.
async fn notice(core: &Core, scope: Scope, cause: &str, states: &[NoticeState]) -> NoticeRow {
    let find = || async {
        notices(core, scope).await.into_iter().find(|row| row.cause == cause && states.contains(&row.state()))
    };
    until(&format!("{cause} {states:?}"), || async { find().await.is_some() }).await;
    find().await.unwrap()
}

/// How a notice ends: with its task, where this Storeganise lets us close one.
const OVER: &[NoticeState] = &[NoticeState::Closed, NoticeState::LeftOpen];

fn is_honest(row: &NoticeRow, task: &Value) {
    assert_eq!(row.state() == NoticeState::Closed, task["state"] == "completed", "{row:?} {task}");
    assert_eq!(row.task_id.as_deref(), task["id"].as_str());
}

async fn require(house: &House, properties: Value) {
    let rule = json!({ "required": properties });
    house.control().post(&format!("hubspot/{PORTAL}/rules"), &rule).await.unwrap();
}

async fn bare_user(house: &House, n: usize) -> String {
    let fields = json!({ "email": format!("quillfeather{n}@example.com"), "firstName": "Quillfeather", "lastName": format!("N{n}") });
    house.control().create_user(BUSINESS, &fields).await.unwrap()
}

async fn many_refused_records_are_one_task_and_it_is_closed_once_they_are_mended(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    require(&house, json!(["company"])).await;
    for n in 0..3 {
        bare_user(&house, n).await;
    }
    story.settle().await.unwrap();
    let (core, scope) = (house.stage.core(), story.installation().await.unwrap().scope());
    let filed = notice(core, scope, "hubspot.refused", &[NoticeState::Filed]).await;
    bare_user(&house, 3).await;
    story.settle().await.unwrap();
    let [task] = tasks(&house).await.try_into().unwrap();
    let data = &task["data"];
    assert_eq!((&data["targetType"], &data["targetId"]), (&json!("addon"), &json!(story.addon)));
    let text = data["desc"].as_str().unwrap();
    assert!(text.contains("HubSpot did not accept the record") && text.contains("then replay"), "{text}");
    assert!(text.contains(&format!("{}/installations/{}", house.stage.base_url, scope.id())), "{text}");
    assert!(!task.to_string().to_lowercase().contains("quillfeather"), "{task}");
    let summary = core.summary(scope.id()).await.unwrap().assessment();
    assert_eq!((summary.health, summary.causes), (Health::Degraded, vec![Cause::Parked]));

    require(&house, json!([])).await;
    core.replay_parked(scope, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    let over = notice(core, scope, "hubspot.refused", OVER).await;
    assert_eq!(over.id, filed.id);
    is_honest(&over, &tasks(&house).await[0]);
    assert_eq!(core.summary(scope.id()).await.unwrap().assessment().health, Health::Healthy);
}

async fn lost_access_is_one_task_with_the_link_and_is_over_once_authorised_again(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    house.control().post(&format!("hubspot/revoke/{PORTAL}"), &Value::Null).await.unwrap();
    bare_user(&house, 0).await;
    let (core, scope) = (house.stage.core(), story.installation().await.unwrap().scope());
    notice(core, scope, "hubspot.needs_authorisation", &[NoticeState::Filed]).await;
    let [task] = tasks(&house).await.try_into().unwrap();
    assert_eq!(task["data"]["title"], "HubSpot must be authorised again");
    assert!(task["data"]["desc"].as_str().unwrap().contains(&story.link), "{task}");
    let assessment = core.summary(scope.id()).await.unwrap().assessment();
    assert_eq!((assessment.health, assessment.causes), (Health::NeedsAuthorisation, vec![Cause::AccessLost]));

    story.authorise().await.unwrap();
    story.settle().await.unwrap();
    let over = notice(core, scope, "hubspot.needs_authorisation", OVER).await;
    is_honest(&over, &tasks(&house).await[0]);
}

async fn change(core: &Core, installation: &Installation, change: impl FnOnce(&mut Settings)) {
    let mut settings = core.installation(installation.id).await.unwrap().settings;
    change(&mut settings);
    core.change_settings(installation.id, &settings, &Actor::command_line()).await.unwrap();
}

/// A turn, as a person asks for one.
async fn turn(core: &Core, scope: Scope) {
    core.mark(&[Mark::new(scope, Subject::Sweep, "", Origin::Person)]).await.unwrap();
}

async fn a_business_that_wants_no_tasks_gets_none_and_those_it_has_are_closed(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, installation) = (house.stage.core(), story.installation().await.unwrap());
    let scope = installation.scope();
    change(core, &installation, |settings| settings.failure_tasks = false).await;
    require(&house, json!(["company"])).await;
    bare_user(&house, 0).await;
    story.settle().await.unwrap();
    turn(core, scope).await;
    story.settle().await.unwrap();
    assert!(tasks(&house).await.is_empty() && notices(core, scope).await.is_empty());

    change(core, &installation, |settings| settings.failure_tasks = true).await;
    turn(core, scope).await;
    notice(core, scope, "hubspot.refused", &[NoticeState::Filed]).await;
    change(core, &installation, |settings| settings.failure_tasks = false).await;
    turn(core, scope).await;
    let over = notice(core, scope, "hubspot.refused", OVER).await;
    is_honest(&over, &tasks(&house).await[0]);
}

async fn a_brake_and_conflicts_are_told_and_show_in_the_health(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, scope) = (house.stage.core(), story.installation().await.unwrap().scope());
    let db = Db::connect(house.database().url()).await.unwrap();
    let held = brake::ActiveModel {
        installation_id: Set(scope.id()),
        state: Set("held".to_owned()),
        would_change: Set(90),
        linked: Set(100),
        run_id: Set(None),
        held_at: Set(core.clock().now().0),
        decided_at: Set(None),
    };
    brake::Entity::insert(held).exec_without_returning(db.writer()).await.unwrap();
    for (user, field) in [("u1", "phone"), ("u1", "email"), ("u2", "phone")] {
        let row = conflict::ActiveModel {
            installation_id: Set(scope.id()),
            user_id: Set(user.to_owned()),
            field: Set(field.to_owned()),
            kind: Set("conflict_to_decide".to_owned()),
            contact_id: Set(None),
            noticed_at: Set(core.clock().now().0),
            choice: Set(None),
            decided_at: Set(None),
        };
        conflict::Entity::insert(row).exec_without_returning(db.writer()).await.unwrap();
    }
    turn(core, scope).await;
    notice(core, scope, "brake_held", &[NoticeState::Filed]).await;
    let conflicts = notice(core, scope, "conflicts_waiting", &[NoticeState::Filed]).await;
    assert_eq!((conflicts.records, tasks(&house).await.len()), (2, 2), "pairs, not fields");
    story.settle().await.unwrap();
    let summary = core.summary(scope.id()).await.unwrap();
    assert_eq!(summary.assessment().causes, [Cause::BrakeHeld, Cause::Conflicts]);
    for (health, listed) in [(Health::Degraded, 1), (Health::Healthy, 0)] {
        let filter = FleetFilter { health: Some(health), ..FleetFilter::default() };
        assert_eq!(core.installations(&filter, None, 10).await.unwrap().items.len(), listed, "{health:?}");
    }
    brake::Entity::delete_many().exec(db.writer()).await.unwrap();
    conflict::Entity::delete_many().exec(db.writer()).await.unwrap();
    turn(core, scope).await;
    notice(core, scope, "brake_held", OVER).await;
    notice(core, scope, "conflicts_waiting", OVER).await;
}

/// The service, stopped, and a core in its place whose clock the test moves.
struct Still {
    core: Arc<Core>,
    clock: Clock,
    scope: Scope,
}

impl Still {
    async fn take_over(house: &House, story: &Story<'_>) -> Self {
        house.manners.excuse();
        house.stage.service.stop().await;
        let scope = story.installation().await.unwrap().scope();
        let clock = Clock::manual(house.stage.core().clock().now());
        // What the service still held under its lease is free a little later.
        let core =
            server::run::core_with(&house.stage.config, clock.clone(), Random::seeded(7)).await.unwrap();
        Self { core, clock, scope }
    }

    /// Works until nothing is left to do.
    async fn work(&self) {
        self.clock.advance(60_000_000);
        turn(&self.core, self.scope).await;
        while self.core.run_once().await.unwrap() == Worked::Turn {}
    }

    fn advance_minutes(&self, minutes: u32) {
        for _ in 0..minutes {
            self.clock.advance(60_000_000);
        }
    }

    async fn only_notice(&self) -> NoticeRow {
        let [row] = notices(&self.core, self.scope).await.try_into().unwrap();
        row
    }

    async fn look_at(&self, user: &str) {
        self.core.mark(&[Mark::new(self.scope, Subject::User, user, Origin::Person)]).await.unwrap();
    }
}

async fn a_task_that_is_refused_is_filed_later_and_never_holds_the_sync(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let still = Still::take_over(&house, &story).await;
    require(&house, json!(["company"])).await;
    let refused = json!([{ "provider": "storeganise", "kind": "status", "status": 400, "route_contains": "jobs", "times": 1 }]);
    house.control().post("faults", &refused).await.unwrap();
    still.look_at(&bare_user(&house, 0).await).await;
    still.work().await;
    let row = still.only_notice().await;
    assert_eq!(
        (row.state(), row.problem.as_deref()),
        (NoticeState::ToFile, Some("storeganise.rejected_400"))
    );
    assert!(tasks(&house).await.is_empty());
    let whole =
        json!({ "email": "whole@example.com", "firstName": "W", "lastName": "H", "companyName": "C" });
    let whole = house.control().create_user(BUSINESS, &whole).await.unwrap();
    still.look_at(&whole).await;
    still.work().await;
    house.contact_of(&whole).await;
    still.advance_minutes(5);
    still.work().await;
    assert_eq!(still.only_notice().await.state(), NoticeState::Filed);
    assert_eq!(tasks(&house).await.len(), 1);
}

async fn a_lost_answer_files_no_second_task(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let still = Still::take_over(&house, &story).await;
    require(&house, json!(["company"])).await;
    let lost = json!([{ "provider": "storeganise", "kind": "lose_after", "method": "POST", "route_contains": "jobs", "times": 1 }]);
    house.control().post("faults", &lost).await.unwrap();
    still.look_at(&bare_user(&house, 0).await).await;
    still.work().await;
    assert_eq!(still.only_notice().await.state(), NoticeState::ToFile);
    for _ in 0..3 {
        still.advance_minutes(10);
        still.work().await;
    }
    // Found again where Storeganise lists its tasks, else left: one too few is better than one too many.
    let state = still.only_notice().await.state();
    assert!(matches!(state, NoticeState::Filed | NoticeState::NotFiled), "{state:?}");
    assert_eq!(tasks(&house).await.len(), 1);
}

async fn what_comes_back_within_a_day_is_not_told_again(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let still = Still::take_over(&house, &story).await;
    require(&house, json!(["company"])).await;
    let user = bare_user(&house, 0).await;
    still.look_at(&user).await;
    still.work().await;
    require(&house, json!([])).await;
    still.look_at(&user).await;
    still.work().await;
    let told = still.only_notice().await;
    assert!(OVER.contains(&told.state()), "{told:?}");
    // Another user, so that the refusal is a first one again.
    require(&house, json!(["company"])).await;
    still.look_at(&bare_user(&house, 1).await).await;
    still.work().await;
    assert_eq!(still.only_notice().await.id, told.id, "within a day it is not told again");
    still.advance_minutes(24 * 60);
    still.work().await;
    let rows = notices(&still.core, still.scope).await;
    assert_eq!((rows.len(), rows[0].state()), (2, NoticeState::Filed));
    assert_eq!(tasks(&house).await.len(), 2);
}
