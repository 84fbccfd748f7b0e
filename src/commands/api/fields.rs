//! `-f key=text` and `-F key=value` as JSON or as options of a query. Pure: files are read by whoever asks.
//!
//! As in `gh api`, `a[b]=c` is an object within, `a[]=c` an element of a list.

use serde_json::Value;

use crate::commands::api::ApiError;

/// One field: the name in its parts, the JSON of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    name: String,
    path: Vec<String>,
    json: String,
}

impl Field {
    /// `-f`: the value is text.
    pub(super) fn text(word: &str) -> Result<Self, ApiError> {
        let (name, value) = split(word)?;
        Self::new(name, Value::from(value).to_string())
    }

    /// `-F`: `true`, `false`, `null` and numbers are what they say, `@file` is the text of a file, which `read` reads.
    pub(super) fn typed<E: From<ApiError>>(
        word: &str,
        read: impl FnOnce(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        let (name, value) = split(word)?;
        let json = match value.strip_prefix('@') {
            Some(place) => Value::from(read(place)?).to_string(),
            // The text of a number is kept: no digit of it is lost.
            None if matches!(value, "true" | "false" | "null") || is_number(value) => value.to_owned(),
            None => Value::from(value).to_string(),
        };
        Ok(Self::new(name, json)?)
    }

    fn new(name: &str, json: String) -> Result<Self, ApiError> {
        let bad = || ApiError::BadField { word: name.to_owned() };
        let (first, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
        let mut path = vec![first.to_owned()];
        let mut rest = rest;
        while let Some(inner) = rest.strip_prefix('[') {
            let (part, after) = inner.split_once(']').ok_or_else(bad)?;
            path.push(part.to_owned());
            rest = after;
        }
        if first.is_empty() || !rest.is_empty() {
            return Err(bad());
        }
        Ok(Self { name: name.to_owned(), path, json })
    }

    /// As an option of a query: name and value.
    pub(super) fn option(&self) -> Result<(&str, String), ApiError> {
        if self.path.len() > 1 {
            return Err(ApiError::NestedInQuery { name: self.name.clone() });
        }
        let text = serde_json::from_str::<String>(&self.json).unwrap_or_else(|_| self.json.clone());
        Ok((&self.name, text))
    }
}

/// The fields as one JSON object.
pub(super) fn body(fields: &[Field]) -> Result<String, ApiError> {
    let mut root = Node::Object(Vec::new());
    for field in fields {
        root.put(&field.path, field)?;
    }
    Ok(root.json())
}

enum Node {
    Json(String),
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
}

impl Node {
    fn put(&mut self, path: &[String], field: &Field) -> Result<(), ApiError> {
        let bad = || ApiError::BadField { word: field.name.clone() };
        let Some((first, rest)) = path.split_first() else { return Err(bad()) };
        let fresh = || match rest.first().map(String::as_str) {
            None => Self::Json(field.json.clone()),
            Some("") => Self::List(Vec::new()),
            Some(_) => Self::Object(Vec::new()),
        };
        match self {
            Self::Object(members) if !first.is_empty() => {
                let at = members.iter().position(|(name, _)| name == first);
                if at.is_some() && rest.is_empty() {
                    return Err(bad());
                }
                let at = at.unwrap_or_else(|| {
                    members.push((first.clone(), fresh()));
                    members.len() - 1
                });
                if rest.is_empty() { Ok(()) } else { members[at].1.put(rest, field) }
            }
            Self::List(elements) if first.is_empty() => {
                elements.push(fresh());
                match elements.last_mut() {
                    Some(last) if !rest.is_empty() => last.put(rest, field),
                    _ => Ok(()),
                }
            }
            _ => Err(bad()),
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Json(json) => json.clone(),
            Self::Object(members) => {
                let members =
                    members.iter().map(|(name, node)| format!("{}:{}", Value::from(name.as_str()), node.json()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            Self::List(elements) => format!("[{}]", elements.iter().map(Self::json).collect::<Vec<_>>().join(",")),
        }
    }
}

fn split(word: &str) -> Result<(&str, &str), ApiError> {
    word.split_once('=').ok_or_else(|| ApiError::BadField { word: word.to_owned() })
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
        && !text.ends_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(word: &str) -> Field {
        Field::typed(word, |place| Ok::<_, ApiError>(format!("<{place}>"))).unwrap()
    }

    #[test]
    fn fields_become_json_with_every_digit() {
        let fields = [
            Field::text("name=A=B \"C\"").unwrap(),
            Field::text("n=1").unwrap(),
            typed("revenue=922337203685477.5807"),
            typed("on=true"),
            typed("gone=null"),
            typed("text=1.2.3"),
            typed("file=@a.txt"),
            typed("Target[accountid]=x"),
            typed("Target[n]=2"),
            typed("list[]=1"),
            typed("list[]=two"),
            typed("deep[][a]=1"),
        ];
        assert_eq!(
            body(&fields).unwrap(),
            concat!(
                r#"{"name":"A=B \"C\"","n":"1","revenue":922337203685477.5807,"on":true,"gone":null,"text":"1.2.3","#,
                r#""file":"<a.txt>","Target":{"accountid":"x","n":2},"list":[1,"two"],"deep":[{"a":1}]}"#
            )
        );
    }

    #[test]
    fn what_is_no_field_or_stands_twice_is_refused() {
        for word in ["name", "=x", "a[b=1", "a[b]c=1", "[a]=1"] {
            assert!(Field::text(word).is_err(), "{word}");
        }
        for twice in [["a=1", "a=2"], ["a=1", "a[b]=2"], ["a[b]=1", "a[]=2"]] {
            let fields = twice.map(|word| Field::text(word).unwrap());
            assert!(body(&fields).is_err(), "{twice:?}");
        }
    }

    #[test]
    fn a_query_has_flat_options_only() {
        assert_eq!(typed("$top=5").option().unwrap(), ("$top", "5".to_owned()));
        assert_eq!(Field::text("$filter=a eq 'b'").unwrap().option().unwrap(), ("$filter", "a eq 'b'".to_owned()));
        assert!(typed("a[b]=1").option().is_err());
    }
}
