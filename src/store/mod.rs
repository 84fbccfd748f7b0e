//! Saved connections, their health and their secrets. Nothing here knows what a secret is for, or what OAuth is.
//!
//! | what | where | secret |
//! |---|---|---|
//! | [`Registry`] | `connections.toml` in the configuration directory | no |
//! | [`HealthBook`] | `health/ID.json` in the state directory | no |
//! | [`KeyringVault`] | the operating system's keyring, service `d365conn` | yes |
//! | [`FileVault`] | `secrets.d365` in the state directory, encrypted | yes |
//! | [`ResidentVault`] | one of the others, asked on behalf of one connection, for what its secrets were made for | yes |
//! | [`MemoryVault`] | nowhere: gone with the process | yes |
//! | [`Bundle`] | wherever the user puts it, encrypted | yes |
//! | [`DemandBook`] | `demands/ID.json` in the state directory | no |
//! | [`UploadMemory`] | `uploads/NAME.json` in the state directory; tokens among the connection's secrets | no |
//! | [`CredentialLock`] | `locks/ID.lock` beside the encrypted file, or in the user's own state directory for a keyring | no |
//! | [`KeepingLock`] | `locks/keeping.lock` in the state directory | no |
//! | [`SignInTurn`] | `sign-ins/NAME.lock` in the state directory | no |
//!
//! Everything but [`CredentialLock::acquire`] and [`SignInTurn::take`] blocks the thread that calls it: a keyring may wait for a person to unlock
//! it, and the file vault's key takes a noticeable time to derive.

mod bundle;
mod bundle_error;
mod bundle_phrases;
mod chunks;
mod configuration;
mod connections;
mod demands;
mod envelope;
mod error;
mod file;
mod health;
mod keeping_lock;
mod keyring;
mod lock;
mod memory;
mod nearest;
mod phrases;
mod plain;
mod registry;
mod remains;
mod resident;
mod sealing;
mod secret_record;
mod secrets;
mod sign_in_turn;
mod standing;
mod uploads;
mod vault;
mod verdict;
mod written;
mod written_flow;

pub use self::keyring::{KeyringVault, Patience};
pub use bundle::{Bundle, SealedBundle};
pub use bundle_error::BundleError;
pub use bundle_phrases::BUNDLE_PHRASES;
pub use configuration::ConfigurationId;
pub use connections::{Connections, DefaultWish};
pub use demands::DemandBook;
pub use error::{Refusal, StoreError};
pub use file::{FileVault, PassphraseSource, Purpose};
pub use health::{Health, HealthBook, Noted};
pub use keeping_lock::KeepingLock;
pub use lock::CredentialLock;
pub use memory::MemoryVault;
pub use nearest::is_one_slip_apart;
pub use phrases::PHRASES;
pub use registry::Registry;
pub use remains::Remains;
pub use resident::{ResidentVault, Testimony};
pub use secret_record::SecretRecord;
pub use secrets::Secrets;
pub use sign_in_turn::SignInTurn;
pub use standing::look_at;
pub use uploads::{UploadMemory, UploadNote, is_of_upload};
pub use vault::{Unowned, Vault};
