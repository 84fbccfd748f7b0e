//! The zone in which a day begins at midnight, where a column keeps days as moments: the one that was named, else the one in
//! the settings of the user who writes, read once a command and converted by the service itself.
//!
//! Source: Microsoft Learn, "Behavior and format of the date and time column", "`UtcTimeFromLocalTime` Function".

use std::sync::{Mutex, PoisonError};

use jiff::civil::{Date, Time};
use jiff::{Timestamp, tz};
use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value};
use crate::dataverse::{ColumnDefinition, ColumnKind, DataverseError, ValueError};
use crate::net::Request;

/// The zone of days.
#[derive(Debug, Default)]
pub(super) struct DayZone {
    /// The one that was named.
    named: Option<tz::TimeZone>,
    /// The one in the user's settings, once it was read.
    read: Mutex<Option<UserZone>>,
    /// What a day was counted in, for people.
    told: Mutex<Option<String>>,
}

#[derive(Debug, Clone)]
struct UserZone {
    code: i64,
    name: String,
}

#[derive(Deserialize)]
struct Settings {
    timezonecode: Option<i64>,
}

#[derive(Deserialize)]
struct Named {
    userinterfacename: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Converted {
    utc_time: Timestamp,
}

impl DayZone {
    /// The zone of this name in the IANA database.
    ///
    /// # Errors
    /// [`ValueError::UnknownTimeZone`].
    fn named(name: &str) -> Result<Self, ValueError> {
        let zone = tz::TimeZone::get(name).map_err(|_| ValueError::UnknownTimeZone { name: name.to_owned() })?;
        Ok(Self { named: Some(zone), ..Self::default() })
    }
}

/// Whether a column shows days and keeps moments.
pub(super) fn keeps_moments(column: &ColumnDefinition) -> bool {
    column.kind == ColumnKind::Date
        && column.format.as_deref() == Some("DateOnly")
        && !matches!(column.behavior.as_deref(), Some("DateOnly" | "TimeZoneIndependent"))
}

impl Client {
    /// The same way, on which days begin at midnight of this zone.
    ///
    /// # Errors
    /// [`ValueError::UnknownTimeZone`].
    pub fn in_time_zone(self, name: &str) -> Result<Self, ValueError> {
        Ok(self.with_day_zone(DayZone::named(name)?))
    }

    /// The zone that a day was counted in, for people; `None` where no day needed one.
    #[must_use]
    pub fn told_zone(&self) -> Option<String> {
        self.day_zone().told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `text` for `column`, a day as the moment at which it begins where the column keeps moments.
    ///
    /// # Errors
    /// [`ValueError::NoTimeZone`] where the user's settings can't be read.
    pub(super) async fn with_zone(&self, column: &ColumnDefinition, text: &str) -> Result<String, DataverseError> {
        let day = text.trim().parse::<Date>().ok().filter(|_| text.trim().len() == 10);
        let Some(day) = day.filter(|_| keeps_moments(column)) else { return Ok(text.to_owned()) };
        let (moment, told) = if let Some(zone) = &self.day_zone().named {
            let moment = zone.to_timestamp(day.to_datetime(Time::midnight()));
            let moment = moment.map_err(|error| no_zone(column, day, &error))?;
            (moment, zone.iana_name().unwrap_or("the zone that was named").to_owned())
        } else {
            let zone = self.user_zone().await.map_err(|error| no_zone(column, day, &error))?;
            let moment = self.utc_of(day, zone.code).await.map_err(|error| no_zone(column, day, &error))?;
            (moment, format!("{}, the zone in the settings of the user who writes", zone.name))
        };
        *self.day_zone().told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        Ok(moment.to_string())
    }

    /// The zone in the settings of the user on whose behalf everything is done.
    async fn user_zone(&self) -> Result<UserZone, DataverseError> {
        let known = self.day_zone().read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(zone) = known {
            return Ok(zone);
        }
        let user = self.who_am_i().await?.user_id;
        let path = format!("{API}usersettingscollection({user})?$select=timezonecode");
        let settings: Settings = self.read_as(&Request::get(path)).await?;
        let code = settings.timezonecode.ok_or_else(|| self.malformed(&"the user's settings name no time zone"))?;
        let filter = query_value(&format!("timezonecode eq {code}"));
        let path = format!("{API}timezonedefinitions?$select=userinterfacename&$filter={filter}");
        // Its name is for people; the number does as well.
        let named: Vec<Named> = self.read_rows(&Request::get(path)).await.unwrap_or_default();
        let name = named.into_iter().find_map(|zone| zone.userinterfacename);
        let zone = UserZone { code, name: name.unwrap_or_else(|| format!("time zone {code}")) };
        *self.day_zone().read.lock().unwrap_or_else(PoisonError::into_inner) = Some(zone.clone());
        Ok(zone)
    }

    /// The moment at which a day begins in a zone of the service's.
    async fn utc_of(&self, day: Date, code: i64) -> Result<Timestamp, DataverseError> {
        let path = format!(
            "{API}UtcTimeFromLocalTime(LocalTime=@p1,TimeZoneCode=@p2)?@p1={}&@p2={code}",
            query_value(&format!("{day}T00:00:00Z"))
        );
        Ok(self.read_as::<Converted>(&Request::get(path)).await?.utc_time)
    }
}

fn no_zone(column: &ColumnDefinition, day: Date, why: &dyn std::fmt::Display) -> ValueError {
    ValueError::NoTimeZone { column: column.name.clone(), day: day.to_string(), why: why.to_string() }
}
