//! The sandbox's Entra: sign-in pages, consent, codes and tokens for the people and apps listed one floor up. It knows
//! nothing of rows; a bearer is all that it shares with the Dataverse half.

mod authorize;
mod azure_cli;
mod claims;
mod credentials;
mod device;
mod directory;
mod discovery;
mod form;
mod issue;
mod jwt;
mod ledger;
mod machine;
mod pages;
mod redirects;
mod refusal;
mod scopes;
mod sign_in;
mod token;
mod visit;

#[cfg(test)]
mod testing;

pub(super) use claims::challenge_of;
pub(super) use directory::Entra;
pub(super) use form::Form;
pub(super) use ledger::{Bearer, Holder};
pub(super) use pages::{escape, gather, page, paragraph};
pub(super) use scopes::Resource;
