//! Users and figures: no business of the runner's pages. Each call fails.

use afterrun_store::{
    Accounts, AuditLine, Bounces, MailHour, NewMessage, NewUser, NewUserLink, Operations, Page, Result, Try,
    User, UserChange, UserChanged, UserKey, UserLink,
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::fake::Fake;

#[async_trait]
impl Accounts for Fake {
    async fn user(&self, _: UserKey) -> Result<Option<User>> {
        self.not_for_pages("user")
    }

    async fn invite_user(
        &self,
        _: NewUser,
        _: NewUserLink,
        _: NewMessage,
        _: UserKey,
        _: DateTime<Utc>,
    ) -> Result<UserKey> {
        self.not_for_pages("invite_user")
    }

    async fn add_user_link(
        &self,
        _: UserKey,
        _: NewUserLink,
        _: NewMessage,
        _: &str,
        _: DateTime<Utc>,
    ) -> Result<()> {
        self.not_for_pages("add_user_link")
    }

    async fn user_link(&self, _: &[u8; 32], _: DateTime<Utc>) -> Result<Option<UserLink>> {
        self.not_for_pages("user_link")
    }

    async fn use_user_link(
        &self,
        _: &[u8; 32],
        _: &str,
        _: Option<NewMessage>,
        _: DateTime<Utc>,
    ) -> Result<Option<User>> {
        self.not_for_pages("use_user_link")
    }

    async fn change_user(
        &self,
        _: UserKey,
        _: UserChange,
        _: UserKey,
        _: Option<NewMessage>,
        _: DateTime<Utc>,
    ) -> Result<UserChanged> {
        self.not_for_pages("change_user")
    }

    async fn count_tries(&self, _: &[Try], _: TimeDelta, _: DateTime<Utc>) -> Result<Option<usize>> {
        self.not_for_pages("count_tries")
    }

    async fn forget_tries(&self, _: &[u8; 32]) -> Result<()> {
        self.not_for_pages("forget_tries")
    }

    async fn audit_by(&self, _: &str, _: Option<&str>, _: u32) -> Result<Page<AuditLine>> {
        self.not_for_pages("audit_by")
    }
}

#[async_trait]
impl Operations for Fake {
    async fn mail_between(&self, _: DateTime<Utc>, _: DateTime<Utc>) -> Result<MailHour> {
        self.not_for_pages("mail_between")
    }

    async fn bounces(&self, _: DateTime<Utc>) -> Result<Bounces> {
        self.not_for_pages("bounces")
    }

    async fn hasten(&self, _: DateTime<Utc>) -> Result<u64> {
        self.not_for_pages("hasten")
    }

    async fn schema(&self) -> Result<u32> {
        self.not_for_pages("schema")
    }
}
