//! `PUT emails(id)/email_activity_parties`: everybody who takes part in an activity replaced at once, the only collection
//! that is put. Source: Microsoft Learn, "Associate and disassociate table rows using the Web API".

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::body::{Members, Purpose, changes};
use crate::sandbox::dataverse::closed;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::write::insert;
use crate::sandbox::world::{Link, Row, Value, World};

/// Whether `name` is the collection of an activity's parties.
pub(super) fn is_parties(table: &Table, name: &str) -> bool {
    name.strip_suffix("_activity_parties") == Some(table.logical_name) && table.collection(name).is_some()
}

/// Replaces them: all new ones fit, or the old ones stay.
pub(super) fn replace(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    id: Uuid,
) -> Result<Outgoing, Refusal> {
    let members = serde_json::from_slice::<Members>(&exchange.request.body).ok();
    let value = members.and_then(|members| members.0.into_iter().find(|(name, _)| name == "value"));
    let list = value.and_then(|(_, json)| serde_json::from_str::<Vec<Box<RawValue>>>(json.get()).ok());
    let missing = || Refusal::payload(table, "The body of a collection holds one member, 'value', with a list.");
    let list = list.ok_or_else(missing)?;
    let Some(parties) = Schema::of_sandbox().by_name("activityparty") else { return Err(missing()) };
    let Some(activity) = parties.place("activityid") else { return Err(missing()) };
    closed::check_change(world, table, id, &vec![(table.key, None)])?;
    let link = Value::Link(Link { table: table.index, id });
    let mut new = Vec::new();
    for party in list {
        let mut party = changes(world, &exchange.root, parties, party.get().as_bytes(), Purpose::Create)?;
        party.push((activity, Some(link.clone())));
        new.push(party);
    }
    let old: Vec<Uuid> = {
        let is_of_it = |row: &&Row| row.value(activity) == Some(&link);
        world.rows(parties).filter(is_of_it).map(|row| row.id).collect()
    };
    for id in old {
        world.remove(parties, id);
    }
    for party in new {
        insert(world, exchange, parties, None, party)?;
    }
    Ok(Outgoing::empty(204))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn all_parties_are_replaced_or_none() {
        let mut trial = Trial::new();
        let email = trial.find("emails", "statecode eq 0");
        let contact = trial.find("contacts", "statecode eq 0");
        let parties = format!("emails({email})?$select=subject&$expand=email_activity_parties($select=addressused)");
        let count = |trial: &mut Trial| trial.get(&parties)["email_activity_parties"].as_array().unwrap().len();
        assert_eq!(count(&mut trial), 2);
        let address = format!("emails({email})/email_activity_parties");
        for unfit in ["{}", "{\"value\":[{\"nme\":1}]}", "{\"value\":7}"] {
            assert_eq!(trial.ask("PUT", &address).body(unfit).answer().status, 400, "{unfit}");
            assert_eq!(count(&mut trial), 2);
        }
        let body = format!(
            "{{\"value\":[{{\"partyid_contact@odata.bind\":\"/contacts({contact})\",\"participationtypemask\":2}},\
             {{\"addressused\":\"a@b.example\",\"participationtypemask\":3}},{{\"addressused\":\"c@d.example\"}}]}}"
        );
        assert_eq!(trial.ask("PUT", &address).body(&body).answer().status, 204);
        assert_eq!(count(&mut trial), 3);
        assert_eq!(trial.ask("PUT", &format!("emails({email})/Email_Annotation")).body("{}").answer().status, 405);
    }
}
