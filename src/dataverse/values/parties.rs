//! The parties of an activity as people name them: several by comma, each a record or a bare address. Pure; which records
//! they are is found out elsewhere.

/// The table of parties, and its lookup of who takes part.
pub(super) const TABLE: &str = "activityparty";
pub(super) const LOOKUP: &str = "partyid";

/// One party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party<'a> {
    /// An address that belongs to no record.
    Address(&'a str),
    /// A record, with its table in front.
    Record(&'a str),
}

/// The collection in which the parties of an activity are written with it.
pub(super) fn collection(table: &str) -> String {
    format!("{table}_activity_parties")
}

/// What a party of this column does in the activity, as `participationtypemask` has it; `None` for a column of parties that
/// is not known. Source: Microsoft Learn, "Activity party table".
pub(super) fn role(column: &str) -> Option<u8> {
    Some(match column {
        "from" => 1,
        "to" => 2,
        "cc" => 3,
        "bcc" => 4,
        "requiredattendees" => 5,
        "optionalattendees" => 6,
        "organizer" => 7,
        "resources" => 10,
        "customer" | "customers" => 11,
        _ => return None,
    })
}

/// Takes the parties apart. A comma between quotation marks parts nothing; nothing between two commas is nobody.
pub(super) fn parties(text: &str) -> Vec<Party<'_>> {
    let (mut is_quoted, mut before) = (false, ',');
    let parts = text.split(|letter: char| {
        // A mark inside of a name is an inch, and opens nothing.
        let may_open = matches!(before, ',' | ':' | '=' | ' ');
        is_quoted ^= letter == '"' && (is_quoted || may_open);
        before = letter;
        letter == ',' && !is_quoted
    });
    let named = parts.map(str::trim).filter(|part| !part.is_empty());
    named.map(|part| if is_address(part) { Party::Address(part) } else { Party::Record(part) }).collect()
}

/// `ida@fjord.example`, and neither `contact:ida` nor `contact@emailaddress1=ida@fjord.example`.
fn is_address(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || ":=@\"<>".contains(c));
    is_plain(local) && is_plain(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_are_parted_by_commas_outside_of_quotation_marks() {
        let (address, record) = (Party::Address, Party::Record);
        for (text, expected) in [
            ("contact:Ida Holm", vec![record("contact:Ida Holm")]),
            (
                " contact:\"Holm, Ida\" , ida@fjord.example,",
                vec![record("contact:\"Holm, Ida\""), address("ida@fjord.example")],
            ),
            ("contact@emailaddress1=ida@fjord.example", vec![record("contact@emailaddress1=ida@fjord.example")]),
            ("user:ines@northlight.example", vec![record("user:ines@northlight.example")]),
            (
                "account:Monitor 24\",ida@fjord.example",
                vec![record("account:Monitor 24\""), address("ida@fjord.example")],
            ),
            ("ida@", vec![record("ida@")]),
            ("Ida <ida@fjord.example>", vec![record("Ida <ida@fjord.example>")]),
            (" , ", vec![]),
        ] {
            assert_eq!(parties(text), expected, "{text}");
        }
    }
}
