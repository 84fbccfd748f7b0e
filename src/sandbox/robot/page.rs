//! Reads the title and the first form out of a page of the sandbox. It fetches nothing and decides nothing.

/// The first form of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PageForm {
    /// Where it goes; empty for the page's own address.
    pub action: String,
    /// Names and values of its fields.
    pub fields: Vec<(String, String)>,
    /// Names and values of its buttons.
    pub buttons: Vec<(String, String)>,
}

impl PageForm {
    /// Whether it has a field of that name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// Whether it has a button of that name.
    pub(super) fn has_button(&self, name: &str) -> bool {
        self.buttons.iter().any(|(button, _)| button == name)
    }

    /// Types `value` into a field.
    pub(super) fn fill(&mut self, name: &str, value: &str) {
        for (_, old) in self.fields.iter_mut().filter(|(field, _)| field == name) {
            value.clone_into(old);
        }
    }
}

/// The text of `<title>`; empty without one.
pub(super) fn title(html: &str) -> String {
    let inner = html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(inner, _)| inner);
    unescape(inner.unwrap_or_default())
}

/// The first form, if there is one.
pub(super) fn form(html: &str) -> Option<PageForm> {
    let (_, rest) = html.split_once("<form")?;
    let (inside, _) = rest.split_once("</form>")?;
    let (attributes, mut body) = inside.split_once('>')?;
    let mut form = PageForm { action: attribute(attributes, "action").unwrap_or_default(), ..PageForm::default() };
    while let Some((_, tag)) = body.split_once('<') {
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        body = after;
        let named = attribute(tag, "name").map(|name| (name, attribute(tag, "value").unwrap_or_default()));
        match tag.split_whitespace().next() {
            Some("input") => form.fields.extend(named),
            Some("button") => form.buttons.extend(named),
            _ => {}
        }
    }
    Some(form)
}

/// A double-quoted attribute of a tag. Pages escape `<`, `>` and `"` in values, so the simple cut is right.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| unescape(value))
}

fn unescape(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_action_fields_and_buttons() {
        let html = r#"<title>A &amp; B</title><form method="post" action="/x?a=1&amp;b=2"><input type="hidden" name="t" value="&lt;&quot;&#39;&amp;lt;">
            <label for="n">N</label><input id="n" name="n" autofocus><button name="decision" value="accept">Yes</button></form><form action="/no"></form>"#;
        assert_eq!(title(html), "A & B");
        let mut form = form(html).unwrap();
        assert_eq!(form.action, "/x?a=1&b=2");
        assert_eq!(form.fields, [("t".to_owned(), "<\"'&lt;".to_owned()), ("n".to_owned(), String::new())]);
        assert_eq!(form.buttons, [("decision".to_owned(), "accept".to_owned())]);
        form.fill("n", "v");
        assert!(form.has_field("n") && form.has_button("decision") && !form.has_button("t"));
        assert_eq!(form.fields[1].1, "v");
    }

    #[test]
    fn a_page_without_a_form_has_none() {
        assert_eq!(form("<p>nothing</p>"), None);
        assert_eq!(form("<form action=\"/x\"><input"), None);
        assert_eq!(title("<p>nothing</p>"), "");
    }
}
