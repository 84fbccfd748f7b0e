//! Many records: filtered, ordered, counted, cut into pages. It never changes any.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::apply::apply;
use crate::sandbox::dataverse::condition::{Condition, Setting};
use crate::sandbox::dataverse::cookie::Cookie;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::fetch::fetch;
use crate::sandbox::dataverse::json::{Object, array};
use crate::sandbox::dataverse::order::{Order, Standing};
use crate::sandbox::dataverse::preferences::LARGEST_PAGE;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::shape::Shape;
use crate::sandbox::dataverse::show::record;
use crate::sandbox::odata::guid;
use crate::sandbox::world::{Row, World};

/// The most that is counted.
const LARGEST_COUNT: usize = 5000;
const TOTAL: &str = "Microsoft.Dynamics.CRM.totalrecordcount";
const EXCEEDED: &str = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded";
const METADATA_VERSION: &str = "Microsoft.Dynamics.CRM.globalmetadataversion";

/// Records to choose from.
pub(super) struct Pool {
    /// Their table.
    pub table: &'static Table,
    /// Only these; all of the table when `None`.
    pub ids: Option<Vec<Uuid>>,
}

impl Pool {
    /// Its records, in the order of their GUIDs.
    pub fn rows<'world>(&self, world: &'world World) -> Box<dyn Iterator<Item = &'world Row> + 'world> {
        let table = self.table;
        match &self.ids {
            None => Box::new(world.rows(table)),
            Some(ids) => {
                let mut ids = ids.clone();
                ids.sort_unstable();
                Box::new(ids.into_iter().filter_map(|id| world.row(table, id)))
            }
        }
    }

    /// `GET …`: a page of records.
    pub fn list(&self, world: &World, exchange: &Exchange<'_>) -> Result<Outgoing, Refusal> {
        if let Some(text) = exchange.options.value("$apply") {
            return apply(world, exchange, self, text);
        }
        match exchange.options.value("fetchXml") {
            Some(_) if self.ids.is_some() => {
                return Err(Refusal::not_built("fetchXml on the related records of one record"));
            }
            Some(text) => return fetch(world, exchange, self, text),
            None => {}
        }
        if let Some(text) = saved(world, exchange, self.table)? {
            return fetch(world, exchange, self, &text);
        }
        exchange.check_options()?;
        let shape = Shape::read(self.table, &exchange.options, world, &Setting::of(exchange))?;
        let context = format!("{}{}", self.table.set_name, shape.context());
        self.page(world, exchange, &context, |row| record(world, exchange, self.table, row, &shape, None))
    }

    /// `GET …/$ref`: where the records are.
    pub fn references(&self, world: &World, exchange: &Exchange<'_>) -> Result<Outgoing, Refusal> {
        exchange.check_options()?;
        if let Some(option) = ["$select", "$expand"].into_iter().find(|it| exchange.options.value(it).is_some()) {
            return Err(Refusal::unsupported(format!("The query parameter {option} is not supported with $ref")));
        }
        self.page(world, exchange, "Collection($ref)", |row| reference(exchange, self.table, row.id))
    }

    /// A page of records, each shown as `show` does.
    fn page(
        &self,
        world: &World,
        exchange: &Exchange<'_>,
        context: &str,
        show: impl Fn(&Row) -> String,
    ) -> Result<Outgoing, Refusal> {
        let options = &exchange.options;
        let order = options.value("$orderby").map(|text| Order::read(text, self.table, &Setting::of(exchange)));
        let order = order.transpose()?.unwrap_or_default();
        let condition = self.condition(world, exchange)?;
        let is_counted = truth(options.value("$count"))?;
        let key = self.table.column(self.table.key).name;
        let cookie = options.value("$skiptoken").map(|token| Cookie::read(token, &order, key)).transpose()?;
        let (mut size, is_paged) = page_size(exchange, cookie.as_ref().map_or(1, |cookie| cookie.page))?;
        // Behind the link of an expanded collection that was cut, the pages stay as small.
        if let Some(inner) = world.inner_page.filter(|_| self.ids.is_some() && options.value("$skiptoken").is_some()) {
            size = size.min(inner);
        }
        let holds = |row: &&Row| condition.as_ref().is_none_or(|condition| condition.holds(world, row));

        let count = if is_counted { Some(self.rows(world).filter(holds).count()) } else { None };
        let (rows, has_more) = if order.is_plain() && self.ids.is_none() {
            let after = cookie.as_ref().map(|cookie| cookie.last.id);
            let mut rows: Vec<&Row> = world.rows_after(self.table, after).filter(holds).take(size + 1).collect();
            let has_more = rows.len() > size;
            rows.truncate(size);
            (rows, has_more)
        } else {
            ordered(world, &order, self.rows(world).filter(holds).collect(), cookie.as_ref(), size)
        };

        let mut object = Object::new();
        object.text("@odata.context", &exchange.context(context));
        if let Some(count) = count {
            object.plain("@odata.count", count.min(LARGEST_COUNT));
        }
        say_total(&mut object, exchange, count);
        if exchange.preferences.wants(METADATA_VERSION) {
            object.text(&format!("@{METADATA_VERSION}"), "8812034");
        }
        object.raw("value", &array(rows.iter().map(|row| show(row))));
        if let (true, true, Some(first), Some(last)) = (has_more, is_paged, rows.first(), rows.last()) {
            let page = cookie.map_or(2, |cookie| cookie.page + 1);
            let cookie = Cookie { page, last: order.standing(world, last) };
            let token = cookie.to_token(&order, key, &order.standing(world, first));
            object.text("@odata.nextLink", &next_link(exchange, &token));
        }
        Ok(exchange.json(200, object.finish()))
    }

    /// `GET …/$count`: the number alone, behind a byte order mark as the service sends it.
    pub fn count(&self, world: &World, exchange: &Exchange<'_>) -> Result<Outgoing, Refusal> {
        exchange.check_options()?;
        let condition = self.condition(world, exchange)?;
        let holds = |row: &&Row| condition.as_ref().is_none_or(|condition| condition.holds(world, row));
        let count = self.rows(world).filter(holds).count().min(LARGEST_COUNT);
        Ok(Outgoing::with_body(200, "text/plain", format!("\u{feff}{count}")))
    }

    fn condition(&self, world: &World, exchange: &Exchange<'_>) -> Result<Option<Condition>, Refusal> {
        let filter = exchange.options.value("$filter");
        filter.map(|text| Condition::read(text, self.table, world, &Setting::of(exchange))).transpose()
    }
}

/// The annotations about the number of all records; without a count it is -1.
pub(super) fn say_total(object: &mut Object, exchange: &Exchange<'_>, count: Option<usize>) {
    if exchange.preferences.wants(TOTAL) {
        let total = count.map_or("-1".to_owned(), |count| count.min(LARGEST_COUNT).to_string());
        object.raw(&format!("@{TOTAL}"), &total);
    }
    if exchange.preferences.wants(EXCEEDED) {
        object.plain(&format!("@{EXCEEDED}"), count.is_some_and(|count| count > LARGEST_COUNT));
    }
}

/// `{"@odata.id":…}`.
pub(super) fn reference(exchange: &Exchange<'_>, table: &Table, id: Uuid) -> String {
    let mut object = Object::new();
    object.text("@odata.id", &format!("{}/{}({id})", exchange.root, table.set_name)).finish()
}

/// The FetchXML of the view that `savedQuery` or `userQuery` names.
fn saved(world: &World, exchange: &Exchange<'_>, table: &Table) -> Result<Option<String>, Refusal> {
    for (option, views) in [("savedQuery", "savedquery"), ("userQuery", "userquery")] {
        let Some(id) = exchange.options.value(option) else { continue };
        let Some(views) = Schema::of_sandbox().by_name(views) else { continue };
        let id = guid(id).ok_or_else(|| Refusal::unsupported(format!("The value of {option} is no GUID.")))?;
        let row = world.row(views, id).ok_or_else(|| Refusal::no_record(views, id))?;
        let text = |column: &str| views.place(column).and_then(|place| row.value(place)?.as_text());
        if text("returnedtypecode") != Some(table.logical_name) {
            let message = format!("The view is not one of the entity '{}'.", table.logical_name);
            return Err(Refusal::new(400, "0x80040203", message));
        }
        return Ok(text("fetchxml").map(str::to_owned));
    }
    Ok(None)
}

/// Sorts records and cuts out the page behind a cookie.
fn ordered<'world>(
    world: &World,
    order: &Order,
    rows: Vec<&'world Row>,
    cookie: Option<&Cookie>,
    size: usize,
) -> (Vec<&'world Row>, bool) {
    let mut standings: Vec<(Standing, &Row)> = rows.into_iter().map(|row| (order.standing(world, row), row)).collect();
    standings.sort_by(|(left, _), (right, _)| order.compare(left, right));
    let start = cookie
        .map_or(0, |cookie| standings.partition_point(|(standing, _)| order.compare(standing, &cookie.last).is_le()));
    let rest = &standings[start..];
    (rest.iter().take(size).map(|(_, row)| *row).collect(), rest.len() > size)
}

/// How many records a page has, and whether more follow: beside a page size `$top` is ignored; a larger one comes in several.
fn page_size(exchange: &Exchange<'_>, page: u64) -> Result<(usize, bool), Refusal> {
    let top = exchange.options.value("$top").map(|top| {
        let invalid = || Refusal::new(400, "0x0", format!("Invalid value '{top}' for $top query option found."));
        top.trim().parse::<usize>().map_err(|_| invalid())
    });
    let top = top.transpose()?;
    Ok(match (exchange.preferences.page_size, top) {
        (Some(size), _) => (size, true),
        (None, Some(top)) => {
            let before = usize::try_from(page).unwrap_or(usize::MAX).saturating_sub(1).saturating_mul(LARGEST_PAGE);
            let left = top.saturating_sub(before);
            (left.min(LARGEST_PAGE), left > LARGEST_PAGE)
        }
        (None, None) => (LARGEST_PAGE, true),
    })
}

fn truth(value: Option<&str>) -> Result<bool, Refusal> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(Refusal::new(400, "0x0", format!("Invalid value '{other}' for $count query option found."))),
    }
}

/// The same address with another `$skiptoken`; everything else stays as it was written.
fn next_link(exchange: &Exchange<'_>, token: &str) -> String {
    let is_token = |option: &&str| option.starts_with("$skiptoken=") || option.starts_with("%24skiptoken=");
    let mut options: Vec<&str> = exchange.request.query.split('&').filter(|option| !option.is_empty()).collect();
    options.retain(|option| !is_token(option));
    let token = format!("$skiptoken={token}");
    options.push(&token);
    let origin = exchange.root.split("/api/").next().unwrap_or_default();
    format!("{origin}{}?{}", exchange.request.path, options.join("&"))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::{ORIGIN, Trial};

    #[test]
    fn filters_choose_the_records_they_describe() {
        let mut trial = Trial::new();
        for (filter, expected) in [
            ("name eq 'o''malley & sons, nothing known'", 1),
            ("accountnumber eq null", 1),
            ("revenue eq 922337203685477.5807", 1),
            ("revenue eq 922337203685477.5806", 0),
            ("revenue gt 922337203685477.58069", 1),
            ("922337203685477 lt revenue", 1),
            ("contains(name,'HYPERLINK')", 1),
            ("startswith(name,'=') and not endswith(name,'x')", 1),
            ("accountid eq accountid", 200),
            ("createdon ge 2020-01-01", 200),
            ("createdon gt 2026-11-23T10:30:00Z", 0),
            (
                "Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues=[\"NL-0005\",\"nl-0006\",\"X\"])",
                2,
            ),
            (
                "Microsoft.Dynamics.CRM.Between(PropertyName='accountnumber',PropertyValues=[\"NL-0005\",\"NL-0009\"])",
                5,
            ),
            ("Microsoft.Dynamics.CRM.OlderThanXYears(PropertyName='createdon',PropertyValue=5)", 0),
            ("Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=1000)", 200),
            ("_primarycontactid_value eq null", 1),
            ("creditonhold", 0),
            ("accountnumber eq @number", 1),
        ] {
            let json = trial.get(&format!("accounts?$select=name&$count=true&$filter={filter}&@number='NL-0007'"));
            let found = json["@odata.count"].as_u64().unwrap();
            if filter == "creditonhold" {
                assert!(found > 0, "{filter}");
            } else {
                assert_eq!(found, expected, "{filter}");
                assert_eq!(json["value"].as_array().unwrap().len() as u64, expected, "{filter}");
            }
        }
    }

    #[test]
    fn a_filter_looks_through_a_lookup() {
        let mut trial = Trial::new();
        let account = &trial.get("accounts?$select=name&$top=1&$expand=primarycontactid($select=fullname)")["value"][0];
        let (id, contact) = (account["accountid"].as_str().unwrap(), &account["primarycontactid"]);
        let name = contact["fullname"].as_str().unwrap().replace('\'', "''");
        let through = trial.column(&format!("accounts?$filter=primarycontactid/fullname eq '{name}'"), "accountid");
        assert!(through.contains(&id.to_owned()));
        let by_id = trial.column(&format!("contacts?$filter=_parentcustomerid_value eq {id}"), "contactid");
        let by_path =
            trial.column(&format!("contacts?$filter=parentcustomerid_account/accountid eq {id}"), "contactid");
        assert!(!by_id.is_empty());
        assert_eq!(by_id, by_path);
        let mine = "Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')";
        let owners = trial.column(&format!("accounts?$filter={mine}"), "_ownerid_value");
        assert!(!owners.is_empty() && owners.iter().all(|owner| Some(owner.as_str()) == crate::sandbox::INES.user_id));
    }

    #[test]
    fn queries_that_cannot_be_answered_are_refused_with_their_code() {
        let mut trial = Trial::new();
        for (address, status, code, fragment) in [
            ("Accounts", 404, "0x8006088a", "Resource not found for the segment 'Accounts'."),
            (
                "accounts?$select=Name",
                400,
                "0x0",
                "Could not find a property named 'Name' on type 'Microsoft.Dynamics.CRM.account'.",
            ),
            ("accounts?$filter=nme eq 'x'", 400, "0x0", "'nme'"),
            ("accounts?$filter=primarycontactid/nme eq 'x'", 400, "0x0", "on type 'Microsoft.Dynamics.CRM.contact'"),
            ("accounts?$filter=ownerid/fullname eq 'x'", 400, "0x0", "Microsoft.Dynamics.CRM.principal"),
            ("accounts?$orderby=nme", 400, "0x0", "'nme'"),
            ("accounts?$filter=name eq 5", 400, "0x0", "incompatible types"),
            ("accounts?$filter=revenue gt '5'", 400, "0x0", "incompatible types"),
            ("accounts?$filter=revenue gt name", 400, "0x0", "incompatible types"),
            ("accounts?$filter=primarycontactid/fullname eq name", 400, "0x80060888", "different tables"),
            ("accounts?$filter=name eq 'O'Neil'", 400, "0x0", "unterminated literal at position 16"),
            ("accounts?$filter=name eq", 400, "0x0", "Expression expected at position 7"),
            ("accounts?$top=-1", 400, "0x0", "$top"),
            ("accounts?$skip=5", 400, "0x80060888", "Skip"),
            ("accounts?$search=x", 400, "0x80060888", "$search"),
            ("accounts?$format=json", 400, "0x80060888", "$format"),
            ("accounts?$Top=5", 400, "0x80060888", "$Top"),
            ("accounts?$apply=x", 400, "0x80060888", "$apply"),
            ("accounts?$expand=nothing", 400, "0x0", "'nothing'"),
            ("accounts?$expand=primarycontactid($top=1)", 400, "0x80060888", "Only $select and $filter"),
            ("accounts?$top=1&$top=2", 400, "0x0", "'$top' was specified more than once"),
        ] {
            let (found_status, found_code, message) = trial.refused("GET", address);
            assert_eq!((found_status, found_code.as_str()), (status, code), "{address}: {message}");
            assert!(message.contains(fragment), "{address}: {message}");
        }
        let many = vec!["statecode eq 0"; 501].join(" or ");
        assert_eq!(trial.refused("GET", &format!("accounts?$filter={many}")).1, "0x8004430C");
    }

    #[test]
    fn what_the_sandbox_has_not_is_501_by_its_name() {
        let mut trial = Trial::new();
        let query = |name: &str, rest: &str| format!("accounts?$filter=Microsoft.Dynamics.CRM.{name}({rest})");
        for (address, named) in [
            (
                "accounts?$filter=contact_customer_accounts/any(c:c/lastname eq 'x')".to_owned(),
                "contact_customer_accounts/any",
            ),
            ("accounts?$filter=Account_Tasks/all(t:t/statecode eq 1) and name ne 'x'".to_owned(), "Account_Tasks/all"),
            ("accounts?$expand=contact_customer_accounts($expand=ownerid)".to_owned(), "'contact_customer_accounts'"),
            ("accounts?$expand=primarycontactid($filter=statecode eq 0)".to_owned(), "'primarycontactid'"),
            (query("Under", "PropertyName='accountid',PropertyValue=1"), "Under"),
            (query("InFiscalYear", "PropertyName='createdon',PropertyValue=2026"), "InFiscalYear"),
            ("accounts?sql=SELECT name FROM account".to_owned(), "SQL"),
            ("accounts?$deltatoken=1".to_owned(), "change tracking"),
            ("accounts/$ref".to_owned(), "$ref"),
        ] {
            let (status, code, message) = trial.refused("GET", &address);
            assert_eq!((status, code.as_str()), (501, "0x80040219"), "{address}: {message}");
            assert!(message.contains(named), "{message}");
        }
        for (prefer, named) in [("odata.track-changes", "track-changes"), ("respond-async", "respond-async")] {
            let (status, _, message) = trial.ask("GET", "accounts?$top=1").header("prefer", prefer).answer().error();
            assert!(status == 501 && message.contains(named), "{prefer}: {message}");
        }
        for (function, rest) in [("Frobnicate", ""), ("Today", ",PropertyValue=5"), ("In", ",PropertyValue=5")] {
            let address = query(function, &format!("PropertyName='createdon'{rest}"));
            let (status, code, message) = trial.refused("GET", &address);
            assert_eq!((status, code.as_str()), (400, "0x0"), "{address}: {message}");
        }
    }

    #[test]
    fn options_of_a_callers_own_pass_by() {
        // The service reads what begins with `$`; what a shell made of `$select` is nothing to it.
        let mut trial = Trial::new();
        for address in ["accounts?=name&=2", "accounts?tag=x", "accounts?select=name"] {
            let (path, query) = address.split_once('?').unwrap();
            let answer = trial.ask_verbatim("GET", &format!("/api/data/v9.2/{path}"), query).answer();
            assert_eq!(answer.json()["value"].as_array().map(Vec::len), Some(200), "{address}");
        }
    }

    #[test]
    fn an_alias_stands_for_a_value_or_for_a_property() {
        let mut trial = Trial::new();
        for (alias, plain) in [
            (
                "$filter=@p ne @q&$orderby=@p desc,@n&@p=revenue&@n=name",
                "$filter=revenue ne null&$orderby=revenue desc,name",
            ),
            ("$filter=contains(name,@t)&@t='a'", "$filter=contains(name,'a')"),
            (
                "$filter=primarycontactid/fullname ne @n&$orderby=@o&@n=null&@o=primarycontactid/fullname",
                "$filter=primarycontactid/fullname ne null&$orderby=primarycontactid/fullname",
            ),
            (
                "$filter=Microsoft.Dynamics.CRM.In(PropertyName=@p,PropertyValues=@v)&@p='accountnumber'&@v=['NL-0005','NL-0006']",
                "$filter=accountnumber eq 'NL-0005' or accountnumber eq 'NL-0006'",
            ),
        ] {
            let expected = trial.column(&format!("accounts?{plain}"), "accountid");
            assert!(!expected.is_empty(), "{plain}");
            assert_eq!(trial.column(&format!("accounts?{alias}"), "accountid"), expected, "{alias}");
        }
        for (address, fragment) in [
            ("accounts?$orderby=@p", "'@p'"),
            ("accounts?$filter=name eq @p&@p=nme", "'nme'"),
            ("accounts?$filter=name eq @p&@p=a b", "'@p'"),
            ("accounts?$expand=Account_Tasks($filter=subject eq @p)&@p='x'", "inside $expand"),
        ] {
            let (status, _, message) = trial.refused("GET", address);
            assert!(status == 400 && message.contains(fragment), "{address}: {message}");
        }
    }

    #[test]
    fn lists_stand_in_quotes_of_either_kind() {
        let mut trial = Trial::new();
        for names in ["['account','contact']", "[\"account\",\"contact\"]"] {
            for address in [
                format!("RetrieveTotalRecordCount(EntityNames={names})"),
                format!("RetrieveTotalRecordCount(EntityNames=@p)?@p={names}"),
            ] {
                let total = trial.get(&address);
                assert_eq!(total["EntityRecordCountCollection"]["Values"], serde_json::json!([200, 500]), "{address}");
            }
        }
        assert_eq!(trial.refused("GET", "RetrieveTotalRecordCount").0, 400);
        let within = |values: &str| {
            format!("accounts?$filter=Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues={values})")
        };
        for values in ["['NL-0005','NL-0006']", "[\"NL-0005\",\"NL-0006\"]"] {
            assert_eq!(trial.column(&within(values), "accountnumber").len(), 2, "{values}");
        }
        // Source: Microsoft Learn, "Filter rows using OData", on O'Brian in single quotes.
        let (status, code, message) = trial.refused("GET", &within("['O'Brian','Ng']"));
        assert_eq!((status, code.as_str()), (400, "0x0"));
        assert!(message.starts_with("Invalid JSON. A comma character ',' was expected"), "{message}");
        assert_eq!(trial.column(&within("[\"O'Brian\",\"Ng\"]"), "accountnumber").len(), 0);
    }

    #[test]
    fn references_come_in_pages_too() {
        let mut trial = Trial::new();
        let account = trial.find("accounts", "accountnumber eq 'NL-0007'");
        for _ in 0..5 {
            let body =
                format!("{{\"lastname\":\"x\",\"parentcustomerid_account@odata.bind\":\"/accounts({account})\"}}");
            assert_eq!(trial.ask("POST", "contacts").body(&body).answer().status, 204);
        }
        let own = format!("accounts({account})/contact_customer_accounts");
        let whole = trial.get(&format!("{own}/$ref"))["value"].as_array().unwrap().len();
        let (pages, ids) = pages(&mut trial, &format!("{own}/$ref"), 2, "@odata.id");
        let distinct: std::collections::HashSet<&String> = ids.iter().collect();
        assert_eq!((pages, ids.len(), distinct.len()), (whole.div_ceil(2), whole, whole));
        let chosen = trial.get(&format!("{own}/$ref?$filter=lastname eq 'x'&$top=3"));
        assert_eq!(chosen["value"].as_array().map(Vec::len), Some(3));
    }

    fn pages(trial: &mut Trial, address: &str, size: usize, column: &str) -> (usize, Vec<String>) {
        let prefer = format!("odata.maxpagesize={size}");
        let mut answer = trial.ask("GET", address).header("prefer", &prefer).answer();
        let (mut pages, mut found) = (0, Vec::new());
        loop {
            assert_eq!(answer.header("preference-applied"), Some(prefer.as_str()), "{}", answer.text);
            let json = answer.json();
            let rows = json["value"].as_array().unwrap();
            assert!(rows.len() <= size);
            found.extend(rows.iter().map(|row| row[column].to_string()));
            pages += 1;
            let Some(link) = json["@odata.nextLink"].as_str() else { return (pages, found) };
            assert!(link.contains("$skiptoken=%3Ccookie%20pagenumber=%22"), "{link}");
            let (path, query) = link.strip_prefix(ORIGIN).unwrap().split_once('?').unwrap();
            answer = trial.ask_verbatim("GET", path, query).header("prefer", &prefer).answer();
        }
    }

    #[test]
    fn following_the_links_shows_every_record_once_in_order() {
        let mut trial = Trial::new();
        for (address, size, expected_pages, expected) in [
            ("contacts?$select=fullname", 100, 5, 500),
            ("contacts?$select=fullname", 500, 1, 500),
            ("contacts?$select=fullname&$orderby=lastname desc,birthdate", 99, 6, 500),
            ("accounts?$orderby=revenue desc&$select=revenue", 7, 29, 200),
            ("accounts?$orderby=primarycontactid/fullname&$filter=statecode eq 0", 50, 0, 0),
        ] {
            let key = if address.starts_with("contacts") { "contactid" } else { "accountid" };
            let (pages, ids) = pages(&mut trial, address, size, key);
            let distinct: std::collections::HashSet<&String> = ids.iter().collect();
            assert_eq!(distinct.len(), ids.len(), "{address}");
            if expected > 0 {
                assert_eq!((pages, ids.len()), (expected_pages, expected), "{address}");
            }
            let whole = trial.column(address, key);
            assert_eq!(ids.iter().map(|id| id.trim_matches('"').to_owned()).collect::<Vec<_>>(), whole, "{address}");
        }
    }

    #[test]
    fn records_deleted_between_pages_neither_repeat_nor_hide_others() {
        let mut trial = Trial::new();
        for order in ["", "&$orderby=fullname"] {
            let address = format!("contacts?$select=fullname{order}");
            let first = trial.ask("GET", &address).header("prefer", "odata.maxpagesize=10").answer().json();
            let link = first["@odata.nextLink"].as_str().unwrap().to_owned();
            let rows = first["value"].as_array().unwrap();
            for row in &rows[8..] {
                let id = row["contactid"].as_str().unwrap();
                assert_eq!(trial.ask("DELETE", &format!("contacts({id})")).answer().status, 204);
            }
            let expected = trial.column(&address, "contactid")[8..18].to_vec();
            let (path, query) = link.strip_prefix(ORIGIN).unwrap().split_once('?').unwrap();
            let second =
                trial.ask_verbatim("GET", path, query).header("prefer", "odata.maxpagesize=10").answer().json();
            let found: Vec<&str> =
                second["value"].as_array().unwrap().iter().map(|row| row["contactid"].as_str().unwrap()).collect();
            assert_eq!(found, expected, "{order}");
        }
    }

    #[test]
    fn a_link_that_was_encoded_again_is_refused() {
        let mut trial = Trial::new();
        let page = trial.ask("GET", "contacts").header("prefer", "odata.maxpagesize=2").answer().json();
        let link = page["@odata.nextLink"].as_str().unwrap();
        let (path, query) = link.strip_prefix(ORIGIN).unwrap().split_once('?').unwrap();
        let query = query.replace('%', "%25");
        assert_eq!(trial.ask_verbatim("GET", path, &query).answer().error().1, "0x8004112A");
    }

    #[test]
    fn top_bounds_the_answer_unless_a_page_size_is_asked_for() {
        let mut trial = Trial::new();
        let bounded = trial.get("accounts?$top=3");
        assert_eq!(bounded["value"].as_array().unwrap().len(), 3);
        assert!(bounded["@odata.nextLink"].is_null());
        let paged = trial.ask("GET", "accounts?$top=3").header("prefer", "odata.maxpagesize=5").answer().json();
        assert_eq!(paged["value"].as_array().unwrap().len(), 5);
        assert!(paged["@odata.nextLink"].is_string());
    }

    #[test]
    fn counts_are_told_three_ways() {
        let mut trial = Trial::new();
        let plain = trial.ask("GET", "contacts/$count?$filter=statecode eq 0").answer();
        assert_eq!(plain.text, "\u{feff}497");
        assert!(trial.get("contacts")["@odata.count"].is_null());
        let annotated =
            trial.ask("GET", "contacts?$top=1").header("prefer", "odata.include-annotations=\"*\"").answer();
        assert_eq!(annotated.json()["@Microsoft.Dynamics.CRM.totalrecordcount"], -1);
        let counted = trial
            .ask("GET", "contacts?$top=1&$count=true")
            .header("prefer", "odata.include-annotations=\"*\"")
            .answer()
            .json();
        assert_eq!(counted["@odata.count"], 500);
        assert_eq!(counted["@Microsoft.Dynamics.CRM.totalrecordcount"], 500);
        assert_eq!(counted["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"], false);
        let total = trial.get("RetrieveTotalRecordCount(EntityNames=@p1)?@p1=[\"account\",\"contact\"]");
        assert_eq!(total["EntityRecordCountCollection"]["Values"], serde_json::json!([200, 500]));
    }

    #[test]
    fn pages_and_counts_stop_at_five_thousand() {
        let mut trial = Trial::new();
        for _ in 0..4_600 {
            let answer = trial.ask("POST", "contacts").body("{\"lastname\":\"x\"}").answer();
            assert_eq!(answer.status, 204);
        }
        let json = trial
            .ask("GET", "contacts?$select=contactid&$count=true")
            .header("prefer", "odata.include-annotations=\"*\"")
            .answer()
            .json();
        assert_eq!(json["@odata.count"], 5000);
        assert_eq!(json["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"], true);
        assert_eq!(json["value"].as_array().unwrap().len(), 5000);
        assert!(json["@odata.nextLink"].is_string());
        let larger =
            trial.ask("GET", "contacts?$select=contactid").header("prefer", "odata.maxpagesize=9000").answer().json();
        assert_eq!(larger["value"].as_array().unwrap().len(), 5000);
        let first = trial.get("contacts?$select=contactid&$top=5050");
        assert_eq!(first["value"].as_array().unwrap().len(), 5000);
        let (path, query) = first["@odata.nextLink"].as_str().unwrap()[ORIGIN.len()..].split_once('?').unwrap();
        let rest = trial.ask_verbatim("GET", path, query).answer().json();
        assert_eq!((rest["value"].as_array().unwrap().len(), rest.get("@odata.nextLink")), (50, None));
    }

    proptest::proptest! {
        #[test]
        fn no_query_ends_in_a_panic(filter in "\\PC{0,40}", order in "\\PC{0,20}", token in "\\PC{0,40}") {
            use crate::sandbox::odata::encode;
            thread_local! {
                static TRIAL: std::cell::RefCell<Trial> = std::cell::RefCell::new(Trial::new());
            }
            let query =
                format!("$filter={}&$orderby={}&$skiptoken={}", encode(&filter), encode(&order), encode(&token));
            let status = TRIAL.with_borrow_mut(|trial| {
                trial.ask_verbatim("GET", "/api/data/v9.2/leads", &query).answer().status
            });
            proptest::prop_assert!(matches!(status, 200 | 400));
        }
    }
}
