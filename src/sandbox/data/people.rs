//! Who works at Northlight: units, users, roles, teams, the currency. It never makes a customer.

use uuid::Uuid;

use crate::sandbox::data::Schema;
use crate::sandbox::data::sheet::{Sheet, made};
use crate::sandbox::world::World;
use crate::sandbox::{
    BUSINESS_UNIT_ID, DAEMON, INES, MACHINE_IDENTITIES, MachineIdentity, ORGANISATION_ID, Registration,
};

/// Colleagues of the demo user: given name, family name, job.
const COLLEAGUES: &[(&str, &str, &str)] =
    &[("Tomasz", "Żak", "Sales Manager"), ("Freja", "Holm", "Service Lead"), ("Rui", "D'Almeida", "Account Executive")];

/// The people records may belong to.
pub(super) struct Staff {
    /// The demo user first, then her colleagues.
    pub(super) users: Vec<Uuid>,
    /// The teams.
    pub(super) teams: Vec<Uuid>,
}

/// Hires everybody.
pub(super) fn hire(world: &mut World) -> Staff {
    let ines = id(INES.user_id.unwrap_or_default());
    let mut sheet = Sheet { world, author: ines };
    let unit = id(BUSINESS_UNIT_ID);
    let currency = made("transactioncurrency", 1);
    sheet.add("transactioncurrency", currency, |it| {
        it.text("currencyname", "Euro").text("isocurrencycode", "EUR").text("currencysymbol", "€");
        it.whole("currencyprecision", 2).number("exchangerate", "1.0000000000");
    });
    sheet.add("organization", id(ORGANISATION_ID), |it| {
        it.text("name", "northlight")
            .whole("languagecode", 1033)
            .flag("isexternalsearchindexenabled", true)
            .whole("localeid", 1033);
        it.text("blockedattachments", "bat;cmd;com;exe;hta;js;jse;msi;scr;vbs");
        it.whole("maxuploadfilesize", 5_242_880).link("basecurrencyid", "transactioncurrency", currency);
    });
    sheet.add("businessunit", unit, |it| {
        it.text("name", "Northlight").link("transactioncurrencyid", "transactioncurrency", currency);
    });
    let roles = roles(&mut sheet, unit);
    let mut users = vec![ines];
    sheet.add("systemuser", ines, |it| {
        it.text("firstname", "Inès").text("lastname", "Moreau").text("title", "Salesperson");
        it.text("domainname", INES.user_name).text("internalemailaddress", INES.user_name);
        it.guid("azureactivedirectoryobjectid", id(INES.object_id)).link("businessunitid", "businessunit", unit);
        it.flag("islicensed", true).guid("organizationid", id(ORGANISATION_ID)).guid("ownerid", ines);
    });
    for (nth, (given, family, job)) in (1..).zip(COLLEAGUES) {
        let user = made("systemuser", nth);
        let address = format!("{}@northlight.example", given.to_lowercase());
        sheet.add("systemuser", user, |it| {
            it.text("firstname", given).text("lastname", family).text("title", job);
            it.text("domainname", &address).text("internalemailaddress", &address);
            it.link("businessunitid", "businessunit", unit).link("parentsystemuserid", "systemuser", ines);
            it.flag("islicensed", true).guid("organizationid", id(ORGANISATION_ID)).guid("ownerid", user);
            it.guid("azureactivedirectoryobjectid", made_object(user));
        });
        users.push(user);
    }
    let daemon = app_user(&mut sheet, unit, &DAEMON, "nightly@northlight.example");
    let teams = teams(&mut sheet, unit, ines);
    grant(&mut sheet, &roles, &users, daemon, &teams);
    Staff { users, teams }
}

/// Lets the identities of machines in, after everybody and everything else: what is numbered keeps its numbers.
pub(super) fn let_machines_in(world: &mut World) {
    let mut sheet = Sheet { world, author: id(INES.user_id.unwrap_or_default()) };
    let roles = Schema::of_sandbox().associations.iter().position(|it| it.name == "systemuserroles_association");
    for MachineIdentity { app, .. } in MACHINE_IDENTITIES.iter().filter(|it| it.app.application_user_id.is_some()) {
        let name = format!("{}@northlight.example", app.name);
        let user = app_user(&mut sheet, id(BUSINESS_UNIT_ID), app, &name);
        if let Some(roles) = roles {
            sheet.world.associate(roles, user, made("role", 1));
        }
    }
}

/// The application user of `app`.
fn app_user(sheet: &mut Sheet<'_>, unit: Uuid, app: &Registration, name: &str) -> Uuid {
    let user = id(app.application_user_id.unwrap_or_default());
    sheet.add("systemuser", user, |it| {
        it.text("firstname", "#").text("lastname", app.name).guid("applicationid", id(app.client_id));
        it.text("domainname", name).whole("accessmode", 4);
        it.link("businessunitid", "businessunit", unit).guid("organizationid", id(ORGANISATION_ID));
        it.guid("ownerid", user);
    });
    user
}

/// An object id in Entra for a colleague, who cannot sign in: only somewhere to point.
fn made_object(user: Uuid) -> Uuid {
    let mut bytes = user.into_bytes();
    bytes.reverse();
    Uuid::from_bytes(bytes)
}

fn roles(sheet: &mut Sheet<'_>, unit: Uuid) -> Vec<Uuid> {
    let names = ["System Administrator", "Salesperson", "Customer Service Representative"];
    let mut roles = Vec::new();
    for (nth, name) in (1..).zip(names) {
        let role = made("role", nth);
        sheet.add("role", role, |it| {
            it.text("name", name).link("businessunitid", "businessunit", unit);
        });
        roles.push(role);
    }
    roles
}

fn teams(sheet: &mut Sheet<'_>, unit: Uuid, administrator: Uuid) -> Vec<Uuid> {
    let mut teams = Vec::new();
    for (nth, name) in (1..).zip(["Northlight", "Nordic Sales", "Service Desk"]) {
        let team = made("team", nth);
        sheet.add("team", team, |it| {
            it.text("name", name).flag("isdefault", nth == 1).guid("ownerid", team);
            it.link("businessunitid", "businessunit", unit).link("administratorid", "systemuser", administrator);
        });
        teams.push(team);
    }
    teams
}

/// Roles to users, users to teams.
fn grant(sheet: &mut Sheet<'_>, roles: &[Uuid], users: &[Uuid], daemon: Uuid, teams: &[Uuid]) {
    let associations = &Schema::of_sandbox().associations;
    let place = |name: &str| associations.iter().position(|association| association.name == name);
    if let Some(place) = place("systemuserroles_association") {
        for (user, role) in users.iter().zip([0, 1, 2, 1]).chain([(&daemon, 0)]) {
            if let Some(role) = roles.get(role) {
                sheet.world.associate(place, *user, *role);
            }
        }
        if let ([ines, ..], [_, sales, ..]) = (users, roles) {
            sheet.world.associate(place, *ines, *sales);
        }
    }
    if let (Some(place), Some(all)) = (place("teammembership_association"), teams.first()) {
        for user in users {
            sheet.world.associate(place, *all, *user);
        }
    }
}

fn id(text: &str) -> Uuid {
    text.parse().unwrap_or_default()
}
