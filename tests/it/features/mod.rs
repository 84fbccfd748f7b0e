//! What a user was promised, asked in a user's words. No test here looks inside, but to see that a
//! secret has gone.

mod admin_consent;
mod api;
mod app_only;
mod app_setup;
mod batch;
mod bundles;
mod certificate;
mod claims;
mod connect;
mod connection_strings;
mod connections;
mod crm_verbs;
mod crowd;
mod disconnect;
mod discover;
mod doctor;
mod environment_only;
mod examples;
mod exec;
mod exit_codes;
mod explain;
mod federated;
mod files;
mod jq;
mod listener;
mod managing;
mod output;
mod proxy;
mod reconnect;
mod records;
mod requests;
mod sandbox;
mod tables;
mod token;
mod tokens;
