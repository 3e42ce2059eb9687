//! Local staff accounts: a login and an argon2id hash.

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _},
};
use secrecy::{ExposeSecret as _, SecretString};
use text::text;
use uuid::Uuid;

use super::{
    Role,
    audit::{Actor, Entry},
};
use crate::{core::Core, error::Error, storage::entity::staff};

const PASSWORD_CHARS_MIN: usize = 12;
const PASSWORD_CHARS_MAX: usize = 200;
/// Of 0 to 4: one that takes more than 10^8 guesses, breach lists first.
const PASSWORD_SCORE_MIN: zxcvbn::Score = zxcvbn::Score::Three;
const LOGIN_CHARS_MAX: usize = 100;

/// A staff account.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Its id.
    pub id: Uuid,
    /// The name it signs in with.
    pub login: String,
    /// What it may do.
    pub role: Role,
    /// The number of its visits: whoever came in under a lower one is not in any more.
    pub visits: i64,
}

/// A staff account as an admin sees it.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who.
    pub staff: Staff,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
    /// When it was shut, if it was.
    pub disabled_at: Option<i64>,
}

impl Core {
    /// Every staff account, by login.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn accounts(&self) -> Result<Vec<Account>, Error> {
        let rows = staff::Entity::find().order_by_asc(staff::Column::Login).all(self.db().reader()).await?;
        let account = |row: staff::Model| {
            let (created_at, disabled_at) = (row.created_at, row.disabled_at);
            Ok(Account { staff: from_row(row)?, created_at, disabled_at })
        };
        rows.into_iter().map(account).collect()
    }

    /// Shuts an account, or opens it again. Whoever is signed in with it is let in nowhere from the next request on.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotNow`] where it is the last admin's, because nobody could open it again.
    pub async fn set_staff_disabled(&self, id: Uuid, disabled: bool, by: &Actor) -> Result<(), Error> {
        let row = staff::Entity::find_by_id(id).one(self.db().reader()).await?.ok_or(Error::NotFound)?;
        let at = disabled.then(|| self.now_micros());
        let transaction = self.db().begin().await?;
        staff::Entity::update_many()
            .col_expr(staff::Column::DisabledAt, Expr::value(at))
            .filter(staff::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        // Looked at after the change, so that two admins who shut each other at once do not both succeed.
        let admins = staff::Entity::find()
            .filter(staff::Column::Role.eq(Role::Admin.word()))
            .filter(staff::Column::DisabledAt.is_null())
            .lock_exclusive()
            .all(&transaction)
            .await?;
        if admins.is_empty() {
            return Err(Error::NotNow(text!("refused-this-is-the-last").to_owned()));
        }
        let action = if disabled { "staff.disabled" } else { "staff.enabled" };
        self.audit(&transaction, &Entry::general(by, action).with(row.login)).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Makes a staff account.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the login is taken or the password too short.
    pub async fn create_staff(
        &self,
        login: &str,
        password: &SecretString,
        role: Role,
        by: &Actor,
    ) -> Result<Uuid, Error> {
        let login = login.trim();
        if login.is_empty() || login.chars().count() > LOGIN_CHARS_MAX {
            return Err(Error::invalid("login", text!("refused-a-login-is-between")));
        }
        check_password("password", password, login)?;
        if self.staff_row(login).await?.is_some() {
            return Err(Error::invalid("login", text!("refused-there-is-an-account")));
        }
        let id = self.random().uuid(self.clock().now());
        let row = staff::ActiveModel {
            id: Set(id),
            login: Set(login.to_owned()),
            password_hash: Set(hash(password.clone(), self.random().bytes()).await?),
            role: Set(role.word().to_owned()),
            created_at: Set(self.now_micros()),
            disabled_at: Set(None),
            visits: Set(0),
        };
        let transaction = self.db().begin().await?;
        staff::Entity::insert(row).exec_without_returning(&transaction).await?;
        self.audit(&transaction, &Entry::general(by, "staff.created").with(login)).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Whether there is any account to sign in with.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_staff(&self) -> Result<bool, Error> {
        Ok(staff::Entity::find().limit(1).one(self.db().reader()).await?.is_some())
    }

    /// Checks a login and its password; as slow for an unknown login as for a wrong password.
    ///
    /// # Errors
    /// The database does not answer. A wrong login or password is `None`.
    pub async fn sign_in(&self, login: &str, password: SecretString) -> Result<Option<Staff>, Error> {
        let found = self.staff_row(login.trim()).await?;
        let Some(row) = found else {
            // The same work as for a known login, so that the time taken does not tell which logins exist.
            hash(password, self.random().bytes()).await?;
            return Ok(None);
        };
        let fits = verify(password, row.password_hash.clone()).await?;
        if fits && row.disabled_at.is_none() { from_row(row).map(Some) } else { Ok(None) }
    }

    /// Changes an account's password, for whoever knows the present one. Every visit ends; the account as it is then.
    ///
    /// # Errors
    /// [`Error::Invalid`] of `password` where that is not the present one, or of `new_password` where the new one is too
    /// easily guessed; [`Error::NotFound`].
    pub async fn change_password(
        &self,
        id: Uuid,
        password: SecretString,
        new_password: &SecretString,
    ) -> Result<Staff, Error> {
        let row = staff::Entity::find_by_id(id).one(self.db().reader()).await?.ok_or(Error::NotFound)?;
        if !verify(password, row.password_hash.clone()).await? {
            return Err(Error::invalid("password", text!("refused-this-is-not-your-password")));
        }
        check_password("new_password", new_password, &row.login)?;
        let hashed = hash(new_password.clone(), self.random().bytes()).await?;
        let by = Actor::staff(&row.login);
        let transaction = self.db().begin().await?;
        let changed = staff::Entity::update_many()
            .col_expr(staff::Column::PasswordHash, Expr::value(hashed))
            .col_expr(staff::Column::Visits, Expr::col(staff::Column::Visits).add(1))
            .filter(staff::Column::Id.eq(id))
            // Of two who change it at once, the second one did not know the present one.
            .filter(staff::Column::PasswordHash.eq(row.password_hash))
            .exec(&transaction)
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::invalid("password", text!("refused-this-is-not-your-password")));
        }
        self.audit(&transaction, &Entry::general(&by, "staff.password_changed").with(row.login)).await?;
        transaction.commit().await?;
        self.staff(id).await?.ok_or(Error::NotFound)
    }

    /// Ends every visit of an account: whoever is signed in with it has to sign in again.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the database does not answer.
    pub async fn end_visits(&self, id: Uuid) -> Result<(), Error> {
        let row = staff::Entity::find_by_id(id).one(self.db().reader()).await?.ok_or(Error::NotFound)?;
        let by = Actor::staff(&row.login);
        let transaction = self.db().begin().await?;
        staff::Entity::update_many()
            .col_expr(staff::Column::Visits, Expr::col(staff::Column::Visits).add(1))
            .filter(staff::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        self.audit(&transaction, &Entry::general(&by, "staff.signed_out_everywhere").with(row.login)).await?;
        Ok(transaction.commit().await?)
    }

    /// Finds an account that may still sign in.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn staff(&self, id: Uuid) -> Result<Option<Staff>, Error> {
        let found = staff::Entity::find_by_id(id).one(self.db().reader()).await?;
        found.filter(|row| row.disabled_at.is_none()).map(from_row).transpose()
    }

    async fn staff_row(&self, login: &str) -> Result<Option<staff::Model>, Error> {
        Ok(staff::Entity::find().filter(staff::Column::Login.eq(login)).one(self.db().reader()).await?)
    }
}

fn from_row(row: staff::Model) -> Result<Staff, Error> {
    let role = Role::from_word(&row.role).ok_or(Error::Corrupt("role"))?;
    Ok(Staff { id: row.id, login: row.login, role, visits: row.visits })
}

/// Long enough, and none that others have, too: guessing begins with the passwords that are known from breaches.
fn check_password(field: &'static str, password: &SecretString, login: &str) -> Result<(), Error> {
    let text = password.expose_secret();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&text.chars().count()) {
        return Err(Error::invalid(field, text!("refused-a-password-is-between")));
    }
    if zxcvbn::zxcvbn(text, &[login, "annex", "storeganise", "hubspot"]).score() < PASSWORD_SCORE_MIN {
        return Err(Error::invalid(field, text!("refused-a-password-is-easily-guessed")));
    }
    Ok(())
}

async fn hash(password: SecretString, salt: [u8; 16]) -> Result<String, Error> {
    on_blocking_thread(move || {
        Argon2::default()
            .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
            .expect("argon2 takes any password with a salt of 16 bytes")
            .to_string()
    })
    .await
}

async fn verify(password: SecretString, stored: String) -> Result<bool, Error> {
    on_blocking_thread(move || {
        PasswordHash::new(&stored).is_ok_and(|stored| {
            Argon2::default().verify_password(password.expose_secret().as_bytes(), &stored).is_ok()
        })
    })
    .await
}

/// Argon2 takes about 20 ms of a core on purpose: never on a thread that serves requests.
async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Corrupt("password hash"))
}
