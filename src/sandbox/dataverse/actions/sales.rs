//! Qualifying leads, winning and losing opportunities. Cases and teams have files of their own.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::Table;
use crate::sandbox::dataverse::actions::given::Given;
use crate::sandbox::dataverse::actions::states::{cell, into_state, row, set, state, table};
use crate::sandbox::dataverse::body::{Purpose, changes};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::json::{Object, array};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::Number;
use crate::sandbox::world::{Changes, Link, Row, Value, World, day_of};

/// What an account, a contact and an opportunity take over from the lead: its column, theirs.
const TO_ACCOUNT: &[(&str, &str)] = &[
    ("companyname", "name"),
    ("telephone1", "telephone1"),
    ("websiteurl", "websiteurl"),
    ("industrycode", "industrycode"),
    ("revenue", "revenue"),
    ("numberofemployees", "numberofemployees"),
    ("address1_line1", "address1_line1"),
    ("address1_city", "address1_city"),
    ("address1_postalcode", "address1_postalcode"),
    ("address1_country", "address1_country"),
];
const TO_CONTACT: &[(&str, &str)] = &[
    ("firstname", "firstname"),
    ("lastname", "lastname"),
    ("jobtitle", "jobtitle"),
    ("emailaddress1", "emailaddress1"),
    ("telephone1", "telephone1"),
    ("mobilephone", "mobilephone"),
];
const TO_OPPORTUNITY: &[(&str, &str)] = &[
    ("subject", "name"),
    ("description", "description"),
    ("budgetamount", "budgetamount"),
    ("estimatedamount", "estimatedvalue"),
    ("estimatedclosedate", "estimatedclosedate"),
    ("campaignid", "campaignid"),
];

/// `QualifyLead`: what was asked for is made of the lead, and the lead is closed.
pub(super) fn qualify(
    world: &mut World,
    exchange: &Exchange<'_>,
    id: Uuid,
    given: &Given,
) -> Result<Outgoing, Refusal> {
    let leads = table("lead")?;
    let lead = row(world, Link { table: leads.index, id })?.clone();
    if state(leads, &lead) != 0 {
        return Err(Refusal::new(400, "0x80040519", "The lead is already closed."));
    }
    let mut closing = into_state(leads, 1, given.whole("Status")?.unwrap_or(-1))?;
    let link = |column: &str| cell(leads, &lead, column).and_then(Value::as_link);
    let (mut account, mut contact) = (link("parentaccountid"), link("parentcontactid"));
    let mut made = Vec::new();
    if given.flag("CreateAccount")? {
        let accounts = table("account")?;
        let mut new = taken_over(leads, &lead, accounts, TO_ACCOUNT);
        if cell(leads, &lead, "companyname").is_none() {
            set(&mut new, accounts, "name", cell(leads, &lead, "fullname").cloned());
        }
        let made_now = make(world, exchange, &mut made, accounts, new, id)?;
        set(&mut closing, leads, "parentaccountid", Some(Value::Link(made_now)));
        account = Some(made_now);
    }
    if given.flag("CreateContact")? {
        let contacts = table("contact")?;
        let mut new = taken_over(leads, &lead, contacts, TO_CONTACT);
        set(&mut new, contacts, "parentcustomerid", account.map(Value::Link));
        let made_now = make(world, exchange, &mut made, contacts, new, id)?;
        set(&mut closing, leads, "parentcontactid", Some(Value::Link(made_now)));
        contact = Some(made_now);
        if given.flag("CreateAccount")?
            && let Some(account) = account
        {
            let accounts = table("account")?;
            let mut primary = Changes::new();
            set(&mut primary, accounts, "primarycontactid", Some(Value::Link(made_now)));
            world.update(accounts, account.id, primary, exchange.caller);
        }
    }
    if given.flag("CreateOpportunity")? {
        let opportunities = table("opportunity")?;
        let mut new = taken_over(leads, &lead, opportunities, TO_OPPORTUNITY);
        let customer = given.record(world, exchange, "OpportunityCustomerId", "crmbaseentity")?;
        set(&mut new, opportunities, "customerid", customer.or(account).or(contact).map(Value::Link));
        set(&mut new, opportunities, "parentaccountid", account.map(Value::Link));
        set(&mut new, opportunities, "parentcontactid", contact.map(Value::Link));
        if let Some(currency) = given.record(world, exchange, "OpportunityCurrencyId", "transactioncurrency")? {
            set(&mut new, opportunities, "transactioncurrencyid", Some(Value::Link(currency)));
        }
        let made_now = make(world, exchange, &mut made, opportunities, new, id)?;
        set(&mut closing, leads, "qualifyingopportunityid", Some(Value::Link(made_now)));
    }
    world.update(leads, id, closing, exchange.caller);
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context("Collection(Microsoft.Dynamics.CRM.crmbaseentity)"));
    object.raw("value", &array(made.iter().map(|(table, id)| reference(table, *id))));
    Ok(exchange.json(200, object.finish()))
}

fn taken_over(leads: &Table, lead: &Row, to: &Table, columns: &[(&str, &str)]) -> Changes {
    let mut changes = Changes::new();
    for (from, column) in columns {
        if let Some(value) = cell(leads, lead, from) {
            set(&mut changes, to, column, Some(value.clone()));
        }
    }
    changes
}

fn make(
    world: &mut World,
    exchange: &Exchange<'_>,
    made: &mut Vec<(&'static Table, Uuid)>,
    table: &'static Table,
    mut changes: Changes,
    lead: Uuid,
) -> Result<Link, Refusal> {
    let leads = super::states::table("lead")?;
    set(&mut changes, table, "originatingleadid", Some(Value::Link(Link { table: leads.index, id: lead })));
    for (place, value) in changes.iter().filter(|(place, _)| table.alternate_keys.contains(place)) {
        if value.as_ref().and_then(|value| world.by_alternate_key(table, *place, value)).is_some() {
            let column = table.column(*place).name;
            let message = format!("A record that has the attribute values {column} already exists.");
            return Err(Refusal::new(412, "0x80060892", message));
        }
    }
    let id = world.next_id(table);
    world.create(table, id, changes, exchange.caller);
    made.push((table, id));
    Ok(Link { table: table.index, id })
}

fn reference(table: &Table, id: Uuid) -> String {
    let mut object = Object::new();
    object.text("@odata.type", &format!("#{}", table.type_name()));
    object.text(table.column(table.key).name, &id.to_string()).finish()
}

/// `WinOpportunity` and `LoseOpportunity`: an activity tells of it, and the opportunity is closed.
pub(super) fn close(
    world: &mut World,
    exchange: &Exchange<'_>,
    given: &Given,
    is_won: bool,
) -> Result<Outgoing, Refusal> {
    let (opportunities, closes) = (table("opportunity")?, table("opportunityclose")?);
    let json = given.json("OpportunityClose").unwrap_or("{}");
    let mut told = changes(world, &exchange.root, closes, json.as_bytes(), Purpose::Create)?;
    let written = |column: &str| {
        let place = closes.place(column)?;
        told.iter().find(|(written, _)| *written == place).and_then(|(_, value)| value.clone())
    };
    let missing =
        || Refusal::new(400, "0x80040203", "Required member 'opportunityid' missing for field 'OpportunityClose'");
    let link = written("opportunityid").and_then(|value| value.as_link()).ok_or_else(missing)?;
    let opportunity = row(world, link)?;
    if state(opportunities, opportunity) != 0 {
        return Err(Refusal::new(400, "0x80040515", "The opportunity has already been closed."));
    }
    let mut closing = into_state(opportunities, if is_won { 1 } else { 2 }, given.whole("Status")?.unwrap_or(-1))?;
    let estimated = cell(opportunities, opportunity, "estimatedvalue").filter(|_| is_won).cloned();
    let revenue = written("actualrevenue").or(estimated).unwrap_or(Value::Number(Number::whole(0).with_scale(4)));
    let day = match written("actualend") {
        Some(Value::Moment(moment)) => day_of(moment),
        _ => day_of(world.now()),
    };
    set(&mut closing, opportunities, "actualvalue", Some(revenue.clone()));
    set(&mut closing, opportunities, "actualclosedate", Some(Value::Day(day)));
    set(&mut told, closes, "actualrevenue", Some(revenue));
    set(&mut told, closes, "statecode", Some(Value::Whole(1)));
    set(&mut told, closes, "statuscode", Some(Value::Whole(2)));
    let id = world.next_id(closes);
    world.create(closes, id, told, exchange.caller);
    world.update(opportunities, link.id, closing, exchange.caller);
    Ok(Outgoing::empty(204))
}
