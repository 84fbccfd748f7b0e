//! Writes JSON as text, so that numbers keep the digits they are given. It never reads any.

use std::fmt::Display;

/// `text` as a JSON string.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `members` as a JSON array.
pub(super) fn array(members: impl IntoIterator<Item = String>) -> String {
    let mut array = String::from("[");
    for (nth, member) in members.into_iter().enumerate() {
        if nth > 0 {
            array.push(',');
        }
        array.push_str(&member);
    }
    array.push(']');
    array
}

/// An object in the making; members stay in the order they are added.
#[derive(Debug, Default)]
pub(super) struct Object(String);

impl Object {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// A member whose value is JSON already.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quote(name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// A member with text.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw(name, &quote(text))
    }

    /// A member with a number or a truth.
    pub fn plain(&mut self, name: &str, value: impl Display + Copy) -> &mut Self {
        self.raw(name, &value.to_string())
    }

    /// The object's text.
    pub fn finish(&self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { format!("{}}}", self.0) }
    }
}
