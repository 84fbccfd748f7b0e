//! Every way to sign in in every kind of weather: one table, a row for each cell, and what a user is told in it. What is
//! special to one way is asked in a file of its own.

use std::time::Duration;

use d365conn::sandbox::{DAEMON, Fault, GUEST, IDENTITY_HEADER, IDLE_IDENTITY, INES, STRANGER};
use d365conn::sandbox::{Provider, Registration, Robot};

use super::device::run_beside;
use super::federated::begin_job;
use crate::pair::Pair;
use crate::world::{Outcome, World};

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";
const NEVER_EXISTED: &str = "00000000-0000-4000-8000-000000000001";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Browser,
    Device,
    Secret,
    Certificate,
    /// A token of the cluster, in a file.
    TokenFile,
    Github,
    AzurePipelines,
    ManagedIdentity,
    #[cfg(unix)]
    Az,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    /// What is shown is wrong, or nobody is there to show it.
    WrongCredential,
    /// It was good once.
    Expired,
    /// Whoever gives out tokens asks for a long pause.
    Throttled,
    NetworkDown,
    /// Entra knows the caller, and the organisation does not.
    NoUserInOrganisation,
}

/// Exit status, code of the phrase, and a piece of the remedy; for success nothing.
type Cell = (Way, Weather, u8, &'static str, &'static str);

use Way::{AzurePipelines, Browser, Certificate, Device, Github, ManagedIdentity, Secret, TokenFile};
use Weather::{Expired, Fair, NetworkDown, NoUserInOrganisation, Throttled, WrongCredential};

const TABLE: &[Cell] = &[
    (Browser, Fair, 0, "", ""),
    (Browser, WrongCredential, 4, "auth/cancelled", "run `d365conn connect` again"),
    (Browser, Expired, 4, "auth/refresh-token-expired", "d365conn reconnect sandbox"),
    (Browser, Throttled, 8, "auth/throttled", "d365conn"),
    (Browser, NetworkDown, 6, "net/connection-refused", "d365conn"),
    (Browser, NoUserInOrganisation, 5, "dataverse/not-a-member", "Users → Add user"),
    (Device, Fair, 0, "", ""),
    (Device, WrongCredential, 4, "auth/cancelled", "d365conn connect"),
    (Device, Expired, 4, "auth/refresh-token-expired", "d365conn reconnect sandbox"),
    (Device, Throttled, 8, "auth/throttled", "d365conn"),
    (Device, NetworkDown, 6, "net/connection-refused", "d365conn"),
    (Device, NoUserInOrganisation, 5, "dataverse/not-a-member", "Users → Add user"),
    (Secret, Fair, 0, "", ""),
    (Secret, WrongCredential, 4, "auth/secret-wrong", "Certificates & secrets"),
    (Secret, Expired, 4, "auth/secret-expired", "New client secret"),
    (Secret, Throttled, 8, "auth/throttled", "d365conn"),
    (Secret, NetworkDown, 6, "net/connection-refused", "d365conn"),
    (Secret, NoUserInOrganisation, 5, "dataverse/not-a-member-app", "whose client id is"),
    (Certificate, Fair, 0, "", ""),
    (Certificate, WrongCredential, 4, "auth/certificate-refused", "Certificates → Thumbprint: this one's is"),
    (Certificate, Expired, 4, "auth/certificate-ended", "d365conn reconnect"),
    (Certificate, Throttled, 8, "auth/throttled", "d365conn"),
    (Certificate, NetworkDown, 6, "net/connection-refused", "d365conn"),
    (Certificate, NoUserInOrganisation, 5, "dataverse/not-a-member-app", "whose client id is"),
    (TokenFile, Fair, 0, "", ""),
    (TokenFile, WrongCredential, 4, "auth/assertion-refused", "Federated credentials"),
    (TokenFile, Expired, 4, "auth/token-file-ended", "have a new token written"),
    (TokenFile, Throttled, 8, "auth/throttled", "d365conn"),
    (TokenFile, NetworkDown, 6, "net/connection-refused", "d365conn"),
    (TokenFile, NoUserInOrganisation, 5, "dataverse/not-a-member-app", "whose client id is"),
    (Github, Fair, 0, "", ""),
    (Github, WrongCredential, 4, "auth/assertion-refused", "Federated credentials"),
    (Github, Expired, 4, "auth/provider-declined", "id-token: write"),
    (Github, Throttled, 8, "auth/throttled", "d365conn"),
    (Github, NetworkDown, 6, "net/connection-refused", "d365conn"),
    (Github, NoUserInOrganisation, 5, "dataverse/not-a-member-app", "whose client id is"),
    (AzurePipelines, Fair, 0, "", ""),
    (AzurePipelines, WrongCredential, 4, "auth/assertion-refused", "Federated credentials"),
    (AzurePipelines, Expired, 4, "auth/provider-declined", "$(System.AccessToken)"),
    (AzurePipelines, Throttled, 8, "auth/throttled", "d365conn"),
    (AzurePipelines, NetworkDown, 6, "net/connection-refused", "d365conn"),
    (AzurePipelines, NoUserInOrganisation, 5, "dataverse/not-a-member-app", "whose client id is"),
    (ManagedIdentity, Fair, 0, "", ""),
    (ManagedIdentity, WrongCredential, 4, "auth/identity-unknown", "Azure portal"),
    (ManagedIdentity, Expired, 4, "auth/identity-header-refused", "printenv IDENTITY_ENDPOINT"),
    (ManagedIdentity, Throttled, 8, "auth/throttled", "d365conn"),
    (ManagedIdentity, NetworkDown, 6, "auth/identity-absent", "--auth az"),
    (ManagedIdentity, NoUserInOrganisation, 5, "dataverse/not-a-member-app", "whose client id is"),
    #[cfg(unix)]
    (Way::Az, Fair, 0, "", ""),
    #[cfg(unix)]
    (Way::Az, WrongCredential, 4, "auth/az-signed-out", "az login --tenant 3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711"),
    #[cfg(unix)]
    (Way::Az, Expired, 4, "auth/az-signed-out", "az login --tenant 3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711"),
    #[cfg(unix)]
    (Way::Az, Throttled, 8, "auth/az-busy", "d365conn token"),
    #[cfg(unix)]
    (Way::Az, NetworkDown, 6, "auth/az-unreachable", "HTTPS_PROXY"),
    #[cfg(unix)]
    (Way::Az, NoUserInOrganisation, 5, "dataverse/not-a-member", "Users → Add user"),
];

/// A person signs in, here or at another device.
fn person(way: Way, weather: Weather) -> Outcome {
    let mut world = World::new();
    let robot = match weather {
        WrongCredential => Robot::new(INES).cancelling(),
        NoUserInOrganisation => Robot::new(GUEST),
        _ => Robot::new(INES),
    };
    let place = if weather == NetworkDown { NOBODY.to_owned() } else { world.sandbox.address() };
    if weather == Throttled {
        world.sandbox.faults().order(Fault::TokenThrottled { retry_after: 3600 });
    }
    let line = format!("connect --tenant-url {place} --store file");
    let connected = if way == Device {
        run_beside(&world, &format!("{line} --auth device"), Some(robot), true)
    } else {
        world.seat(robot);
        world.run(&line)
    };
    if weather != Expired {
        return connected;
    }
    connected.succeeds();
    world.pass(Duration::from_secs(2 * 3600));
    world.sandbox.faults().order(Fault::RefreshTokenExpired);
    world.run("accounts list --top 1")
}

/// Nobody signs in: the connection lives in the environment.
fn unattended(way: Way, weather: Weather) -> Outcome {
    let mut world = World::new().without_terminal();
    let is_own_network = way == ManagedIdentity || word(way) == "az";
    let is_away = weather == NetworkDown && !is_own_network;
    let place = if is_away { NOBODY.to_owned() } else { world.sandbox.address() };
    world.set("D365CONN_TENANT_URL", &place);
    world.set("D365CONN_AUTH", word(way));
    match way {
        Secret => secret(&mut world, weather),
        Certificate => certificate(&mut world, weather),
        TokenFile => job(&mut world, Provider::Cluster, weather),
        Github => job(&mut world, Provider::Github, weather),
        AzurePipelines => job(&mut world, Provider::AzurePipelines, weather),
        ManagedIdentity => identity(&mut world, weather),
        #[cfg(unix)]
        Way::Az => azure_cli(&mut world, weather),
        Browser | Device => unreachable!("{way:?} needs a person"),
    }
    world.run("accounts list --top 1 -o id")
}

fn word(way: Way) -> &'static str {
    match way {
        Browser => "browser",
        Device => "device",
        Secret => "secret",
        Certificate => "certificate",
        TokenFile | Github | AzurePipelines => "federated",
        ManagedIdentity => "managed-identity",
        #[cfg(unix)]
        Way::Az => "az",
    }
}

/// The app that signs in: one that the organisation has no user for, where that is the weather.
fn app_in(weather: Weather) -> Registration {
    if weather == NoUserInOrganisation { STRANGER } else { DAEMON }
}

fn certificate(world: &mut World, weather: Weather) {
    let pair = if weather == Expired { Pair::of_years(2020, 2021) } else { Pair::new() };
    let app = app_in(weather);
    if weather != WrongCredential {
        assert!(world.sandbox.register_certificate(app.client_id, pair.certificate.as_bytes()));
    }
    world.set("D365CONN_CLIENT_ID", app.client_id);
    let file = pair.both_in(world, "nightly.pem");
    world.set("D365CONN_CERTIFICATE_FILE", &file.display().to_string());
    if weather == Throttled {
        world.sandbox.faults().order(Fault::TokenThrottled { retry_after: 3600 });
    }
}

fn job(world: &mut World, provider: Provider, weather: Weather) {
    world.set("D365CONN_CLIENT_ID", app_in(weather).client_id);
    match weather {
        WrongCredential => world.sandbox.faults().order(Fault::AssertionForged),
        // The job is over, so that its own token is worth nothing any more.
        Expired if provider != Provider::Cluster => {
            world.sandbox.faults().order(Fault::ProviderDeclines { status: 401 });
        }
        Throttled => world.sandbox.faults().order(Fault::TokenThrottled { retry_after: 3600 }),
        _ => {}
    }
    begin_job(world, provider);
    if weather == Expired && provider == Provider::Cluster {
        world.pass(Duration::from_secs(2 * 3600));
    }
}

fn secret(world: &mut World, weather: Weather) {
    let app = app_in(weather);
    let secret = if weather == WrongCredential { "wrong" } else { app.secret.unwrap() };
    world.set("D365CONN_CLIENT_ID", app.client_id);
    world.set("D365CONN_CLIENT_SECRET", secret);
    match weather {
        Expired => world.sandbox.faults().order(Fault::SecretExpired),
        Throttled => world.sandbox.faults().order(Fault::TokenThrottled { retry_after: 3600 }),
        _ => {}
    }
}

fn identity(world: &mut World, weather: Weather) {
    world.move_to_azure();
    match weather {
        Fair => {}
        WrongCredential => world.set("D365CONN_CLIENT_ID", NEVER_EXISTED),
        // The header of a start before the present one.
        Expired => {
            let address = world.sandbox.address();
            world.set("IDENTITY_ENDPOINT", &format!("{address}/msi/token"));
            world.set("IDENTITY_HEADER", &IDENTITY_HEADER.replace('~', "-"));
        }
        Throttled => world.sandbox.faults().order(Fault::MachineThrottled { retry_after: 3600 }),
        NetworkDown => world.set("AZURE_POD_IDENTITY_AUTHORITY_HOST", NOBODY),
        NoUserInOrganisation => world.set("D365CONN_CLIENT_ID", IDLE_IDENTITY.app.client_id),
    }
}

#[cfg(unix)]
fn azure_cli(world: &mut World, weather: Weather) {
    let az = world.install_azure_cli();
    match weather {
        Fair => az.answers(&world.sandbox.azure_cli(INES)),
        WrongCredential => az.complains("ERROR: Please run 'az login' to setup account.\n"),
        Expired => az.complains("ERROR: AADSTS700082: The refresh token has expired due to inactivity.\n"),
        Throttled => az.complains("ERROR: Too Many Requests\n"),
        NetworkDown => az.complains("ERROR: HTTPSConnectionPool(host='login.example'): Max retries exceeded\n"),
        NoUserInOrganisation => az.answers(&world.sandbox.azure_cli(GUEST)),
    }
}

#[test]
fn every_way_to_sign_in_ends_as_promised_in_every_weather() {
    let mut faults = Vec::new();
    for &(way, weather, exit, code, remedy) in TABLE {
        let outcome = match way {
            Browser | Device => person(way, weather),
            _ => unattended(way, weather),
        };
        let advice = outcome.stderr.split_once("fix: ").map(|(_, advice)| advice).unwrap_or_default();
        let is_told = exit == 0 || (outcome.stderr.contains(code) && advice.contains(remedy));
        if outcome.exit != exit || !is_told || (exit != 0 && !outcome.stdout.is_empty()) {
            faults.push(format!("{way:?} in {weather:?}: exit {} instead of {exit}, {}", outcome.exit, outcome.stderr));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_table_has_every_cell_once() {
    let all = [Fair, WrongCredential, Expired, Throttled, NetworkDown, NoUserInOrganisation];
    let cells: Vec<(Way, Weather)> = TABLE.iter().map(|(way, weather, ..)| (*way, *weather)).collect();
    let ways: Vec<Way> = cells.iter().filter(|(_, weather)| *weather == Fair).map(|(way, _)| *way).collect();
    let expected: Vec<(Way, Weather)> = ways.iter().flat_map(|way| all.map(|weather| (*way, weather))).collect();
    assert_eq!(cells, expected);
}
