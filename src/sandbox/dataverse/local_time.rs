//! From the time of a place to coordinated universal time and back, by the number of its zone.
//!
//! Source: Microsoft Learn, "`LocalTimeFromUtcTime` Function", "`UtcTimeFromLocalTime` Function". The time of a place is written
//! with a `Z` all the same.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::sandbox::Outgoing;
use crate::sandbox::data::zone;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::functions::{argument, response};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Literal, Segment};

/// `UtcTimeFromLocalTime(LocalTime=@p1,TimeZoneCode=@p2)`.
pub(super) fn to_utc(exchange: &Exchange<'_>, segment: &Segment) -> Result<Outgoing, Refusal> {
    let (written, zone) = given(exchange, segment, "LocalTime")?;
    let moment = zone.to_timestamp(TimeZone::UTC.to_datetime(written));
    answer(exchange, "UtcTimeFromLocalTime", "UtcTime", moment.ok())
}

/// `LocalTimeFromUtcTime(TimeZoneCode=@p1,UtcTime=@p2)`.
pub(super) fn to_local(exchange: &Exchange<'_>, segment: &Segment) -> Result<Outgoing, Refusal> {
    let (moment, zone) = given(exchange, segment, "UtcTime")?;
    let written = TimeZone::UTC.to_timestamp(zone.to_datetime(moment));
    answer(exchange, "LocalTimeFromUtcTime", "LocalTime", written.ok())
}

fn given(exchange: &Exchange<'_>, segment: &Segment, time: &str) -> Result<(Timestamp, TimeZone), Refusal> {
    let missing = |name: &str| Refusal::unsupported(format!("The parameter {name} of {} is missing.", segment.name));
    let literal = |name: &str| argument(exchange, segment, name).and_then(Literal::parse).ok_or_else(|| missing(name));
    let Literal::Moment(moment) = literal(time)? else { return Err(missing(time)) };
    let code = match literal("TimeZoneCode")? {
        Literal::Number(number) => number.to_string().parse::<i64>().ok(),
        _ => None,
    };
    let code = code.ok_or_else(|| missing("TimeZoneCode"))?;
    let unknown = || Refusal::new(400, "0x80040203", format!("There is no time zone with the code {code}."));
    Ok((moment, zone(code).ok_or_else(unknown)?))
}

fn answer(exchange: &Exchange<'_>, name: &str, member: &str, moment: Option<Timestamp>) -> Result<Outgoing, Refusal> {
    let out_of_range = || Refusal::new(400, "0x80040239", "The time is outside the range of the calendar.");
    let mut object = response(exchange, name);
    object.text(member, &moment.ok_or_else(out_of_range)?.to_string());
    Ok(exchange.json(200, object.finish()))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::INES;
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn times_are_converted_by_the_number_of_a_zone() {
        let mut trial = Trial::new();
        for (code, local, utc) in [
            (20, "2026-03-01T00:00:00Z", "2026-03-01T06:00:00Z"),
            (20, "2026-07-01T00:00:00Z", "2026-07-01T05:00:00Z"),
            (235, "2026-03-01T00:00:00Z", "2026-02-28T15:00:00Z"),
            (92, "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ] {
            let there = format!("UtcTimeFromLocalTime(LocalTime=@p1,TimeZoneCode=@p2)?@p1={local}&@p2={code}");
            assert_eq!(trial.get(&there)["UtcTime"], utc);
            let back = format!("LocalTimeFromUtcTime(TimeZoneCode={code},UtcTime=@p1)?@p1={utc}");
            assert_eq!(trial.get(&back)["LocalTime"], local);
        }
        for (address, code) in [
            ("UtcTimeFromLocalTime(LocalTime=@p1,TimeZoneCode=@p2)?@p1=2026-03-01T00:00:00Z&@p2=7", "0x80040203"),
            ("UtcTimeFromLocalTime(LocalTime=@p1)?@p1=2026-03-01T00:00:00Z", "0x80060888"),
            ("UtcTimeFromLocalTime(LocalTime='x',TimeZoneCode=20)", "0x80060888"),
            ("UtcTimeFromLocalTime(Place=1)", "0x8006088a"),
        ] {
            assert_eq!(trial.refused("GET", address).1, code, "{address}");
        }
    }

    #[test]
    fn three_kinds_of_dates_are_told_apart_and_shown_in_the_zone_of_whoever_looks() {
        let mut trial = Trial::new();
        let settings = format!("usersettingscollection({})", INES.user_id.unwrap());
        assert_eq!(trial.get(&format!("{settings}?$select=timezonecode"))["timezonecode"], 92);
        assert_eq!(trial.ask("PATCH", &settings).body("{\"timezonecode\":20}").answer().status, 204);
        let name = trial.column("timezonedefinitions?$filter=timezonecode eq 20", "userinterfacename");
        assert_eq!(name, ["(GMT-06:00) Central Time (US & Canada)"]);
        let address = format!("nl_projects({})", trial.find("nl_projects", "statecode eq 0"));
        let body = "{\"nl_signedon\":\"2026-03-01T06:00:00Z\",\"nl_opensat\":\"2026-03-01T08:30:00Z\",\
                    \"nl_startson\":\"2026-03-01\"}";
        assert_eq!(trial.ask("PATCH", &address).body(body).answer().status, 204);
        let record = trial.ask("GET", &address).header("prefer", "odata.include-annotations=\"*\"").answer().json();
        for (column, raw, shown) in [
            ("nl_signedon", "2026-03-01T06:00:00Z", "3/1/2026"),
            ("nl_opensat", "2026-03-01T08:30:00Z", "3/1/2026 8:30 AM"),
            ("nl_startson", "2026-03-01", "3/1/2026"),
        ] {
            assert_eq!(record[column], raw);
            assert_eq!(record[format!("{column}@OData.Community.Display.V1.FormattedValue")], shown, "{column}");
        }
        let days = "EntityDefinitions(LogicalName='nl_project')/Attributes/Microsoft.Dynamics.CRM.\
                    DateTimeAttributeMetadata?$select=LogicalName,Format,DateTimeBehavior";
        let columns = trial.get(days);
        for (column, format, behaviour) in [
            ("nl_signedon", "DateOnly", "UserLocal"),
            ("nl_opensat", "DateAndTime", "TimeZoneIndependent"),
            ("nl_startson", "DateOnly", "DateOnly"),
            ("createdon", "DateAndTime", "UserLocal"),
        ] {
            let is_it = |row: &&serde_json::Value| row["LogicalName"] == column;
            let row = columns["value"].as_array().unwrap().iter().find(is_it).unwrap();
            assert_eq!((&row["Format"], &row["DateTimeBehavior"]["Value"]), (&format.into(), &behaviour.into()));
        }
        assert_eq!(trial.ask("POST", "systemusers").body("{\"lastname\":\"New\"}").answer().status, 204);
        let new = trial.find("systemusers", "lastname eq 'New'");
        assert_eq!(trial.get(&format!("usersettingscollection({new})"))["timezonecode"], 92);
    }
}
