//! What the whole sync core needs beside its records: lanes, conflicts for a person, the brake, previews, notices to
//! the business, and counts of outcomes that are no longer kept.

use sea_orm_migration::{prelude::*, schema::*};

use crate::m0001_tenancy::to_installation;

/// Adds them.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Change {
    Table,
    InstallationId,
    Subject,
    SubjectId,
    DueAt,
    ParkedAt,
    /// 0 for what a person waits for, 1 for what a run goes through: the lower goes first.
    Lane,
    /// The run that alone asked for it; none where somebody else wants it, too.
    RunId,
}

#[derive(DeriveIden)]
enum Run {
    Table,
    InstallationId,
    State,
}

#[derive(DeriveIden)]
enum Link {
    Table,
    InstallationId,
    /// Fields that were written back and forth lately, as JSON: name, direction, digest, when it turned.
    Flips,
    /// What is on its way to a side, as JSON: name, side, digest. Empty once it is recorded.
    Intended,
    /// Since when the pair rests: nothing is written for it until its contact is back, or a person says so.
    GoneAt,
    /// Why it rests, as a reason's code.
    GoneBecause,
    /// When we last changed one of the two records without a person having asked for it.
    ChangedAt,
}

#[derive(DeriveIden)]
enum Outcome {
    Table,
    /// HubSpot's own code for a refusal, such as `INVALID_EMAIL`.
    ProviderCode,
}

#[derive(DeriveIden)]
enum Tombstone {
    Table,
    UserDigest,
    /// Keyed digest of an erased contact's id, or of its user's.
    Digest,
}

#[derive(DeriveIden)]
enum Conflict {
    Table,
    InstallationId,
    UserId,
    /// The field's name; empty where the conflict is about the whole pair.
    Field,
    /// Why a person has to decide, as a code.
    Kind,
    ContactId,
    NoticedAt,
    /// `user` or `contact`: whose value to keep; `apart` where the pair is not to be linked.
    Choice,
    DecidedAt,
}

#[derive(DeriveIden)]
enum Brake {
    Table,
    InstallationId,
    /// `counting` until it is known how many records would be changed, then `passed` or `held`; a person makes that
    /// `released` or `dropped`.
    State,
    /// Records that wait.
    WouldChange,
    Linked,
    /// The run it stopped; none for a burst of events.
    RunId,
    HeldAt,
    DecidedAt,
}

#[derive(DeriveIden)]
enum BrakeRow {
    Table,
    InstallationId,
    /// What was looked at, `user` or `deal`, and its id.
    Subject,
    SubjectId,
    /// The user that would be changed, or whose contact.
    UserId,
    /// The names of the fields that would be written, separated by commas.
    Fields,
    /// `waiting`, then `below` where the whole was not too much, or `released` by a person.
    State,
}

#[derive(DeriveIden)]
enum Notice {
    Table,
    Id,
    InstallationId,
    Cause,
    /// Records it was about when it was opened.
    Records,
    OpenedAt,
    /// When Storeganise took the task.
    FiledAt,
    /// The task at Storeganise; none where it was not filed, or Storeganise did not name it.
    TaskId,
    /// When the cause was over.
    ClosedAt,
    /// When Storeganise closed the task.
    TaskClosedAt,
    /// How often it was tried to file, or then to close, the task.
    Tries,
    /// When that is tried next; none where there is nothing left to do.
    NextTryAt,
    /// Why the last try came to nothing, as a cause code.
    Problem,
}

#[derive(DeriveIden)]
enum OutcomeDay {
    Table,
    InstallationId,
    /// Days since 1970, UTC.
    Day,
    Action,
    /// Empty where there was none.
    Reason,
    Count,
}

#[derive(DeriveIden)]
enum PreviewRow {
    Table,
    RunId,
    /// `user` or `deal`.
    Subject,
    /// The user's id; the deal's, with its contact's behind a stroke once it was looked at.
    Record,
    InstallationId,
    UserId,
    ContactId,
    DealId,
    /// What would happen to the contact; `pending` where the record was not looked at yet.
    ContactAction,
    /// Names of the properties that would be written, separated by commas.
    ContactFields,
    /// Names of the properties that would be refused, separated by commas.
    ContactRefused,
    /// What would happen to the user, and the names of its fields.
    UserAction,
    UserFields,
    UserRefused,
    Reason,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lane = ColumnDef::new(Change::Lane).integer().not_null().default(0).to_owned();
        manager.alter_table(Table::alter().table(Change::Table).add_column(lane).to_owned()).await?;
        let run = uuid_null(Change::RunId);
        manager.alter_table(Table::alter().table(Change::Table).add_column(run).to_owned()).await?;
        let flips = text_null(Link::Flips);
        manager.alter_table(Table::alter().table(Link::Table).add_column(flips).to_owned()).await?;
        let intended = text_null(Link::Intended);
        manager.alter_table(Table::alter().table(Link::Table).add_column(intended).to_owned()).await?;
        self.let_pairs_rest(manager).await?;
        let provider_code = text_null(Outcome::ProviderCode);
        manager
            .alter_table(Table::alter().table(Outcome::Table).add_column(provider_code).to_owned())
            .await?;
        let digest = Table::alter()
            .table(Tombstone::Table)
            .rename_column(Tombstone::UserDigest, Tombstone::Digest)
            .to_owned();
        manager.alter_table(digest).await?;
        let changed = big_integer_null(Link::ChangedAt);
        manager.alter_table(Table::alter().table(Link::Table).add_column(changed).to_owned()).await?;
        let mut link_changed = Index::create();
        link_changed.name("link_changed").table(Link::Table).col(Link::InstallationId).col(Link::ChangedAt);
        manager.create_index(link_changed).await?;
        for table in [conflict(), brake(), brake_row(), notice(), outcome_day(), preview_row()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let mut notice_latest = Index::create();
        notice_latest.name("notice_latest").table(Notice::Table).col(Notice::InstallationId).col(Notice::Id);
        manager.create_index(notice_latest).await?;
        for index in [
            // One open notice for a cause, whoever opens it.
            "CREATE UNIQUE INDEX notice_open ON notice (installation_id, cause) WHERE closed_at IS NULL",
            // Of everything that is pending, what has failed.
            "CREATE INDEX change_failed ON change (installation_id, cause, parked_at) WHERE cause IS NOT NULL",
            // Of the many runs of an installation, the one that goes on.
            "CREATE INDEX run_going_on ON run (installation_id) WHERE finished_at IS NULL",
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

impl Migration {
    /// Links that rest are few among many: a partial index finds them.
    async fn let_pairs_rest(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for column in [big_integer_null(Link::GoneAt), text_null(Link::GoneBecause)] {
            manager.alter_table(Table::alter().table(Link::Table).add_column(column).to_owned()).await?;
        }
        let index = "CREATE INDEX link_gone ON link (installation_id, synced_at) WHERE gone_at IS NOT NULL";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}

fn conflict() -> TableCreateStatement {
    Table::create()
        .table(Conflict::Table)
        .col(uuid(Conflict::InstallationId))
        .col(text(Conflict::UserId))
        .col(text(Conflict::Field))
        .col(text(Conflict::Kind))
        .col(text_null(Conflict::ContactId))
        .col(big_integer(Conflict::NoticedAt))
        .col(text_null(Conflict::Choice))
        .col(big_integer_null(Conflict::DecidedAt))
        .primary_key(Index::create().col(Conflict::InstallationId).col(Conflict::UserId).col(Conflict::Field))
        .foreign_key(&mut to_installation(Conflict::InstallationId))
        .to_owned()
}

fn brake() -> TableCreateStatement {
    Table::create()
        .table(Brake::Table)
        .col(uuid(Brake::InstallationId).primary_key())
        .col(text(Brake::State))
        .col(big_integer(Brake::WouldChange))
        .col(big_integer(Brake::Linked))
        .col(uuid_null(Brake::RunId))
        .col(big_integer(Brake::HeldAt))
        .col(big_integer_null(Brake::DecidedAt))
        .foreign_key(&mut to_installation(Brake::InstallationId))
        .to_owned()
}

fn brake_row() -> TableCreateStatement {
    Table::create()
        .table(BrakeRow::Table)
        .col(uuid(BrakeRow::InstallationId))
        .col(text(BrakeRow::Subject))
        .col(text(BrakeRow::SubjectId))
        .col(text(BrakeRow::UserId))
        .col(text(BrakeRow::Fields))
        .col(text(BrakeRow::State))
        .primary_key(
            Index::create().col(BrakeRow::InstallationId).col(BrakeRow::Subject).col(BrakeRow::SubjectId),
        )
        .foreign_key(&mut to_installation(BrakeRow::InstallationId))
        .to_owned()
}

fn notice() -> TableCreateStatement {
    Table::create()
        .table(Notice::Table)
        .col(uuid(Notice::Id).primary_key())
        .col(uuid(Notice::InstallationId))
        .col(text(Notice::Cause))
        .col(big_integer(Notice::Records))
        .col(big_integer(Notice::OpenedAt))
        .col(big_integer_null(Notice::FiledAt))
        .col(text_null(Notice::TaskId))
        .col(big_integer_null(Notice::ClosedAt))
        .col(big_integer_null(Notice::TaskClosedAt))
        .col(integer(Notice::Tries))
        .col(big_integer_null(Notice::NextTryAt))
        .col(text_null(Notice::Problem))
        .foreign_key(&mut to_installation(Notice::InstallationId))
        .to_owned()
}

fn outcome_day() -> TableCreateStatement {
    Table::create()
        .table(OutcomeDay::Table)
        .col(uuid(OutcomeDay::InstallationId))
        .col(big_integer(OutcomeDay::Day))
        .col(text(OutcomeDay::Action))
        .col(text(OutcomeDay::Reason))
        .col(big_integer(OutcomeDay::Count))
        .primary_key(
            Index::create()
                .col(OutcomeDay::InstallationId)
                .col(OutcomeDay::Day)
                .col(OutcomeDay::Action)
                .col(OutcomeDay::Reason),
        )
        .foreign_key(&mut to_installation(OutcomeDay::InstallationId))
        .to_owned()
}

fn preview_row() -> TableCreateStatement {
    Table::create()
        .table(PreviewRow::Table)
        .col(uuid(PreviewRow::RunId))
        .col(text(PreviewRow::Subject))
        .col(text(PreviewRow::Record))
        .col(uuid(PreviewRow::InstallationId))
        .col(text_null(PreviewRow::UserId))
        .col(text_null(PreviewRow::ContactId))
        .col(text_null(PreviewRow::DealId))
        .col(text(PreviewRow::ContactAction))
        .col(text(PreviewRow::ContactFields))
        .col(text(PreviewRow::ContactRefused))
        .col(text(PreviewRow::UserAction))
        .col(text(PreviewRow::UserFields))
        .col(text(PreviewRow::UserRefused))
        .col(text_null(PreviewRow::Reason))
        .primary_key(Index::create().col(PreviewRow::RunId).col(PreviewRow::Subject).col(PreviewRow::Record))
        .foreign_key(&mut to_installation(PreviewRow::InstallationId))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    // In the order in which changes are taken, so that taking a hundred of a million reads a hundred.
    let mut change_lane = Index::create();
    change_lane
        .name("change_lane")
        .table(Change::Table)
        .col(Change::InstallationId)
        .col(Change::Subject)
        .col(Change::ParkedAt)
        .col(Change::Lane)
        .col(Change::DueAt)
        .col(Change::SubjectId);
    let mut change_run = Index::create();
    // How much of a run is pending is counted in the index alone.
    change_run
        .name("change_run")
        .table(Change::Table)
        .col(Change::RunId)
        .col(Change::InstallationId)
        .col(Change::ParkedAt);
    let mut run_state = Index::create();
    run_state.name("run_state").table(Run::Table).col(Run::InstallationId).col(Run::State);
    let mut indexes = vec![change_lane, change_run, run_state];
    let sides = [
        ("preview_contact_action", PreviewRow::ContactAction),
        ("preview_user_action", PreviewRow::UserAction),
        ("preview_contact", PreviewRow::ContactId),
    ];
    for (name, column) in sides {
        let mut index = Index::create();
        index.name(name).table(PreviewRow::Table).col(PreviewRow::RunId).col(column);
        indexes.push(index);
    }
    indexes
}
