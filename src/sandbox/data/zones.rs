//! The time zones that the platform numbers, with the rules of the same places. It never holds a moment.
//!
//! Source: Microsoft Learn, "`TimeZoneDefinition` table"; the numbers are those of every organisation.

use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::sandbox::data::Schema;
use crate::sandbox::data::sheet::{Sheet, made};
use crate::sandbox::world::{Changes, Value, World};

/// The zone a new user is in: coordinated universal time.
const USUAL: i64 = 92;

/// Number, place whose rules hold, standard name, name for people.
const ZONES: [(i64, &str, &str, &str); 9] = [
    (4, "America/Los_Angeles", "Pacific Standard Time", "(GMT-08:00) Pacific Time (US & Canada)"),
    (20, "America/Chicago", "Central Standard Time", "(GMT-06:00) Central Time (US & Canada)"),
    (35, "America/New_York", "Eastern Standard Time", "(GMT-05:00) Eastern Time (US & Canada)"),
    (85, "Europe/London", "GMT Standard Time", "(GMT+00:00) Dublin, Edinburgh, Lisbon, London"),
    (USUAL, "UTC", "Coordinated Universal Time", "(GMT) Coordinated Universal Time"),
    (105, "Europe/Paris", "Romance Standard Time", "(GMT+01:00) Brussels, Copenhagen, Madrid, Paris"),
    (110, "Europe/Berlin", "W. Europe Standard Time", "(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"),
    (190, "Asia/Kolkata", "India Standard Time", "(GMT+05:30) Chennai, Kolkata, Mumbai, New Delhi"),
    (235, "Asia/Tokyo", "Tokyo Standard Time", "(GMT+09:00) Osaka, Sapporo, Tokyo"),
];

/// The zone of a number; `None` for one that the sandbox does not know.
pub(crate) fn zone(code: i64) -> Option<TimeZone> {
    let (_, place, ..) = ZONES.iter().find(|(number, ..)| *number == code)?;
    if code == USUAL { Some(TimeZone::UTC) } else { TimeZone::get(place).ok() }
}

/// The zone in the settings of a user.
pub(crate) fn zone_of(world: &World, user: Uuid) -> TimeZone {
    let code = || {
        let settings = Schema::of_sandbox().by_name("usersettings")?;
        world.row(settings, user)?.value(settings.place("timezonecode")?)?.as_whole()
    };
    code().and_then(zone).unwrap_or(TimeZone::UTC)
}

/// Gives a user settings.
pub(crate) fn settle(world: &mut World, user: Uuid) {
    let Some(settings) = Schema::of_sandbox().by_name("usersettings") else { return };
    let place = |column: &str, value: i64| Some((settings.place(column)?, Some(Value::Whole(value))));
    let changes: Changes = [("timezonecode", USUAL), ("localeid", 1033), ("uilanguageid", 1033)]
        .into_iter()
        .filter_map(|(column, value)| place(column, value))
        .collect();
    world.create(settings, user, changes, user);
}

/// Adds the definitions of the zones, and settings for everybody, after everything else: what is numbered keeps its numbers.
pub(super) fn define(world: &mut World, author: Uuid) {
    let users: Vec<Uuid> = Schema::of_sandbox()
        .by_name("systemuser")
        .map(|users| world.rows(users).map(|row| row.id).collect())
        .unwrap_or_default();
    let mut sheet = Sheet { world, author };
    for (nth, (code, _, standard, shown)) in (1..).zip(ZONES) {
        sheet.add("timezonedefinition", made("timezonedefinition", nth), |it| {
            it.whole("timezonecode", code).text("standardname", standard).text("userinterfacename", shown);
        });
    }
    for user in users {
        settle(world, user);
    }
}
