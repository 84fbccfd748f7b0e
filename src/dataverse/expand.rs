//! Related records that come along with a record: `$expand`, judged by its shape alone. Which names there are is known to
//! the service. Pure.

use crate::dataverse::DataverseError;

/// The options that an expansion may have. Source: Microsoft Learn, "Join tables using OData".
const OPTIONS: [&str; 5] = ["$select", "$filter", "$orderby", "$top", "$expand"];
/// The deepest nesting that is read.
const DEEPEST: usize = 20;

/// An `$expand` whose shape is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expand {
    text: String,
    items: Vec<Item>,
}

/// A navigation property with what stands in its parentheses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// The navigation property.
    pub name: String,
    /// `$select`.
    pub select: Vec<String>,
    /// `$filter`.
    pub filter: Option<String>,
    /// `$orderby`.
    pub order_by: Option<String>,
    /// `$expand`.
    pub expand: Vec<Item>,
}

impl Expand {
    /// Takes `primarycontactid($select=fullname),Account_Tasks($filter=…;$expand=…)`.
    ///
    /// # Errors
    /// [`DataverseError::BadExpand`] with the place.
    pub fn parse(text: &str) -> Result<Self, DataverseError> {
        let items = list(text, 0, text, 0)?;
        Ok(Self { text: text.to_owned(), items })
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The navigation properties of the record itself: the keys under which the related records stand.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| item.name.as_str())
    }

    /// What is asked for, one navigation property each.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }
}

/// Reads a list of navigation properties. `at` is where `part` begins in `whole`.
fn list(part: &str, at: usize, whole: &str, depth: usize) -> Result<Vec<Item>, DataverseError> {
    let bad = |at: usize, why| DataverseError::BadExpand { place: whole[..at].chars().count() + 1, why };
    if depth > DEEPEST {
        return Err(bad(at, "it is nested too deep"));
    }
    let mut items = Vec::new();
    for (start, item) in
        split(part, ',').ok_or_else(|| bad(at + part.len(), "a parenthesis or a text is not closed"))?
    {
        let lead = item.len() - item.trim_start().len();
        let (item, start) = (item.trim(), at + start + lead);
        let (name, options) = match item.split_once('(') {
            None => (item, None),
            Some((name, rest)) => {
                let inner = rest.strip_suffix(')').ok_or_else(|| bad(start + item.len(), "`)` is missing"))?;
                (name, Some((inner, start + name.len() + 1)))
            }
        };
        let plain = name.strip_suffix("/$ref").unwrap_or(name);
        if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(bad(start, "the name of a navigation property is due here"));
        }
        let mut read = Item { name: plain.to_owned(), ..Item::default() };
        let Some((inner, at)) = options else {
            items.push(read);
            continue;
        };
        for (start, option) in split(inner, ';').ok_or_else(|| bad(at, "a parenthesis or a text is not closed"))? {
            let lead = option.len() - option.trim_start().len();
            let (option, start) = (option.trim(), at + start + lead);
            let known = option.split_once('=').filter(|(name, _)| OPTIONS.contains(name));
            let Some((name, value)) = known else {
                return Err(bad(start, "an option is due here: $select=, $filter=, $orderby=, $top= or $expand="));
            };
            if name != "$expand" && value.trim().is_empty() {
                return Err(bad(start + option.len(), "the option has no value"));
            }
            match name {
                "$expand" => read.expand = list(value, start + name.len() + 1, whole, depth + 1)?,
                "$select" => read.select = value.split(',').map(|name| name.trim().to_owned()).collect(),
                "$filter" => read.filter = Some(value.to_owned()),
                "$orderby" => read.order_by = Some(value.to_owned()),
                _ => {}
            }
        }
        items.push(read);
    }
    Ok(items)
}

/// The parts between separators outside texts and parentheses, each with its place; `None` when one is not closed.
fn split(text: &str, separator: char) -> Option<Vec<(usize, &str)>> {
    let (mut parts, mut start, mut is_text, mut depth) = (Vec::new(), 0, false, 0_usize);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => is_text = !is_text,
            '(' if !is_text => depth += 1,
            ')' if !is_text => depth = depth.checked_sub(1)?,
            other if other == separator && !is_text && depth == 0 => {
                parts.push((start, &text[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push((start, &text[start..]));
    (!is_text && depth == 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sound_expansions_are_taken_as_they_are() {
        for (text, names) in [
            ("primarycontactid", vec!["primarycontactid"]),
            ("a($select=x,y),b($filter=n eq ';),(';$top=3)", vec!["a", "b"]),
            ("a($expand=b($select=c;$expand=d)) , e/$ref", vec!["a", "e"]),
        ] {
            let expand = Expand::parse(text).unwrap();
            assert_eq!(expand.as_str(), text);
            assert_eq!(expand.names().collect::<Vec<_>>(), names);
        }
    }

    #[test]
    fn unsound_ones_are_told_with_their_place() {
        for (text, place) in [
            ("", 1),
            ("a,,b", 3),
            ("a($select=x", 12),
            ("a)b", 4),
            ("a($select=x)y", 14),
            ("a(name)", 3),
            ("é($select=x)", 1),
            ("a($skip=1)", 3),
            ("a($select=x;$expand=b($top=))", 28),
            ("a&b=c", 1),
        ] {
            let error = Expand::parse(text).expect_err(text);
            assert!(matches!(error, DataverseError::BadExpand { place: at, .. } if at == place), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,40}", signs in "[a(),;'$=é]{0,40}") {
            let _ = Expand::parse(&text);
            let _ = Expand::parse(&signs);
        }
    }
}
