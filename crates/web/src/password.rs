//! Passwords of the console's users: what is taken, how it is hashed, how it is compared.
//!
//! Argon2id, version 19, 19 MiB, 2 passes: the crate's defaults, which are OWASP's first choice.

use std::sync::{Arc, LazyLock};

use argon2::{
    Argon2, PasswordVerifier,
    password_hash::{PasswordHasher, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::text::console as text;

/// Shortest password taken: what NIST SP 800-63B-4 section 3.1.1.2 asks of one used alone.
pub const PASSWORD_CHARACTERS: usize = 15;
/// Longest password taken, in bytes: hashing must not become a burden.
pub const PASSWORD_BYTES: usize = 1024;

/// Hashes made at a time: each takes 19 MiB and a processor, and the rest of the program wants one too.
const AT_A_TIME: usize = 2;

/// Why a password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadPassword {
    /// Fewer than [`PASSWORD_CHARACTERS`].
    #[error("{}", text::password_too_short(PASSWORD_CHARACTERS))]
    TooShort,
    /// More than [`PASSWORD_BYTES`].
    #[error("{}", text::password_too_long(PASSWORD_BYTES))]
    TooLong,
}

/// Whether a password is taken.
///
/// # Errors
/// See [`BadPassword`].
pub fn examine_password(password: &str) -> Result<(), BadPassword> {
    if password.chars().count() < PASSWORD_CHARACTERS {
        return Err(BadPassword::TooShort);
    }
    if password.len() > PASSWORD_BYTES {
        return Err(BadPassword::TooLong);
    }
    Ok(())
}

/// A new hash as PHC text. Takes a tenth of a second of a processor.
///
/// # Errors
/// When the operating system gives no randomness for the salt.
pub fn hash_password(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

fn fits(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

/// Hashes away from the threads that serve pages, few at a time.
#[derive(Clone)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }
}

/// No hash could be made just now.
pub(crate) struct Unavailable;

impl Passwords {
    /// Whether a password belongs to a hash. Without a hash it takes as long and is false, so that nobody can
    /// tell by the clock which accounts exist.
    pub(crate) async fn fits(&self, password: &str, hash: Option<String>) -> Result<bool, Unavailable> {
        static NOBODYS: LazyLock<String> =
            LazyLock::new(|| hash_password("a password that opens nothing").unwrap_or_default());
        let password: String = password.chars().take(PASSWORD_BYTES).collect();
        self.aside(move || {
            // Made for whoever comes first, so that making it tells nothing either.
            let nobodys = LazyLock::force(&NOBODYS);
            match hash {
                Some(hash) => fits(&password, &hash),
                None => {
                    fits(&password, nobodys);
                    false
                }
            }
        })
        .await
    }

    /// See [`hash_password`].
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Unavailable> {
        let password = password.to_owned();
        self.aside(move || hash_password(&password)).await?.map_err(|_| Unavailable)
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let place = self.0.clone().acquire_owned().await.map_err(|_| Unavailable)?;
        let work = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_but_not_endless() {
        let cases = [
            ("fourteen chars", Err(BadPassword::TooShort)),
            ("fifteen letters", Ok(())),
            (&"x".repeat(1024), Ok(())),
            (&"x".repeat(1025), Err(BadPassword::TooLong)),
        ];
        for (password, taken) in cases {
            assert_eq!(examine_password(password), taken, "{} characters", password.chars().count());
        }
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("one two three four").await.ok().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fits = |password, hash| {
            let passwords = passwords.clone();
            async move { passwords.fits(password, hash).await.ok().unwrap() }
        };
        assert!(fits("one two three four", Some(hash.clone())).await);
        assert!(!fits("one two three fou", Some(hash)).await);
        assert!(!fits("one two three four", Some("no hash".to_owned())).await);
        assert!(!fits("a password that opens nothing", None).await);
    }
}
