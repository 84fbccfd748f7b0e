//! Pages as the service sends them, made up: 5,000 rows of 24 columns, some 930 bytes each. Nothing is sent here.

use std::fmt::Write as _;

/// Rows on a page.
pub const ROWS: usize = 5000;

/// What stands before the rows.
pub const OPENING: &str =
    r#"{"@odata.context":"https://contoso.crm4.dynamics.com/api/data/v9.2/$metadata#accounts","value":["#;

/// The rows of a page, with the commas between them.
pub fn rows() -> String {
    let mut text = String::new();
    for nth in 0..ROWS {
        if nth > 0 {
            text.push(',');
        }
        write_row(&mut text, nth);
    }
    text
}

/// A whole page, and the last one.
pub fn page() -> String {
    format!("{OPENING}{}]}}", rows())
}

fn write_row(text: &mut String, nth: usize) {
    let id = format!("{nth:08x}-9f6e-4e11-8179-000d3a{nth:06x}");
    let money = nth * 7919 % 1_000_000;
    let _ = write!(
        text,
        concat!(
            r#"{{"@odata.etag":"W/\"{version}\"","accountid":"{id}","name":"Northlight Trading No. {nth}, Ltd","#,
            r#""accountnumber":"NL-{nth:06}","revenue":{money}.{cents:04},"creditlimit":{money}.0000,"#,
            r#""numberofemployees":{employees},"telephone1":"+45 555 010 {nth:06}","emailaddress1":"office{nth}@northlight.example","#,
            r#""websiteurl":"https://www.northlight{nth}.example","address1_line1":"Nyhavn {nth}, second floor","#,
            r#""address1_city":"København","address1_postalcode":"{post:04}","address1_country":"Denmark","#,
            r#""description":"A customer of long standing who \"quotes\", with commas,\nand a second line.","#,
            r#""statecode":0,"statuscode":1,"creditonhold":false,"donotbulkemail":true,"industrycode":null,"#,
            r#""createdon":"2025-03-01T12:00:00Z","modifiedon":"2025-11-23T08:30:00Z","#,
            r#""_ownerid_value":"{id}","_primarycontactid_value":"{id}","versionnumber":{version}}}"#
        ),
        version = 4_410_000 + nth,
        id = id,
        nth = nth,
        money = money,
        cents = nth % 10_000,
        employees = nth % 4000,
        post = nth % 10_000,
    );
}
