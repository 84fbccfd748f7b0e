//! The pages of the sandbox's Entra: plain HTML that works without a script and can be used with a keyboard or a screen
//! reader. What a page leads to is decided elsewhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::ledger::SignIn;
use super::refusal::Refusal;
use super::scopes::Resource;
use super::visit::Visit;
use crate::sandbox::{Outgoing, PEOPLE, Person, TENANT_ID};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1d2330;--quiet:#566074;--paper:#fff;--ground:#eef1f6;--line:#8a94a6;--accent:#1f5fbf;--on:#fff;--alarm:#a3212d}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebf1;--quiet:#aab4c5;--paper:#1b2029;--ground:#11151c;--line:#6c778b;--accent:#8ab6f9;--on:#0d1524;--alarm:#ff9a9f}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:28rem;padding:2rem;background:var(--paper);border-radius:.5rem;box-shadow:0 .1rem 1rem #0003}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}
.mark,.hint,dl{color:var(--quiet);font-size:.875rem}
.mark{margin:0 0 1.25rem}
.hint{margin:1.5rem 0 0;padding-top:1rem;border-top:1px solid var(--line)}
label{display:block;margin:1rem 0 .25rem;font-weight:600}
input{width:100%;padding:.55rem .65rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.25rem}
.row{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
button{padding:.55rem 1.25rem;font:inherit;font-weight:600;border:1px solid var(--accent);border-radius:.25rem;background:var(--accent);color:var(--on);cursor:pointer}
button.other{background:transparent;color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alarm{color:var(--alarm);font-weight:600}
dt{font-weight:600}dd{margin:0 0 .4rem;overflow-wrap:anywhere}
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
";

const SUBMIT: &str = "document.forms[0].submit()";

/// Text made harmless inside HTML, attributes included.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// One piece of HTML for each item, one after the other.
pub(crate) fn gather<T>(items: &[T], each: impl Fn(&T) -> String) -> String {
    items.iter().map(each).collect()
}

/// A paragraph of plain text.
pub(crate) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escape(text))
}

/// A whole page; `body` is HTML, `title` is text and the heading too.
pub(crate) fn page(status: u16, title: &str, body: &str) -> Outgoing {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<p class=\"mark\">d365conn sandbox: nothing here is real</p>\n\
         <h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    let script = STANDARD.encode(Sha256::digest(SUBMIT));
    // Browsers apply form-action to the redirect that follows a form too, so the app's listener has to be in it.
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; \
         form-action 'self' http://localhost:*; base-uri 'none'; frame-ancestors 'none'"
    );
    Outgoing::with_body(status, "text/html; charset=utf-8", html)
        .header("cache-control", "no-store")
        .header("content-security-policy", policy)
        .header("x-content-type-options", "nosniff")
        // The app's listener looks at Origin, which a stricter policy than this would turn into `null`.
        .header("referrer-policy", "strict-origin")
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
}

fn alarm(text: &str) -> String {
    format!("<p class=\"alarm\" role=\"alert\">{}</p>", escape(text))
}

/// The page that asks for a name and a password.
pub(super) fn sign_in(ticket: &str, sign_in: &SignIn, user_name: &str, refusal: Option<&Refusal>) -> Outgoing {
    let people =
        gather(PEOPLE, |person| format!("<dt>{}</dt><dd>{}</dd>", escape(person.full_name), escape(person.user_name)));
    let alarm =
        refusal.map(|refusal| alarm(&format!("{} (AADSTS{})", refusal.text, refusal.number))).unwrap_or_default();
    let (on_name, on_password) = if user_name.is_empty() { (" autofocus", "") } else { ("", " autofocus") };
    let body = format!(
        "<p>To go on to <strong>{app}</strong></p>{alarm}\n<form method=\"post\" action=\"/{TENANT_ID}/login\">{ticket}\n\
         <label for=\"user_name\">User name</label>\
         <input id=\"user_name\" name=\"user_name\" value=\"{name}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"{on_name}>\n\
         <label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\"{on_password}>\n\
         <div class=\"row\"><button name=\"decision\" value=\"accept\">Sign in</button>\
         <button class=\"other\" name=\"decision\" value=\"cancel\">Cancel</button></div>\n</form>\n\
         <div class=\"hint\"><p>The people here; each has the password <code>sandbox</code>.</p><dl>{people}</dl></div>",
        app = escape(sign_in.client.name),
        ticket = hidden("ticket", ticket),
        name = escape(user_name),
    );
    page(200, "Sign in", &body)
}

/// The page that asks whether the app may.
pub(super) fn consent(ticket: &str, sign_in: &SignIn, person: &Person, for_everybody: bool) -> Outgoing {
    let mut wishes: Vec<&str> = sign_in
        .scopes
        .resources
        .iter()
        .map(|resource| match resource {
            Resource::Dataverse => "Work with Dataverse as you",
            Resource::Discovery => "See which organisations you can reach",
            Resource::Graph => "Sign you in and read your profile",
        })
        .collect();
    if sign_in.scopes.offline_access {
        wishes.push("Keep this access until you take it back");
    }
    let wishes = gather(&wishes, |wish| format!("<li>{}</li>", escape(wish)));
    let everybody = if for_everybody { "<p>You accept for everybody in the organisation.</p>" } else { "" };
    let body = format!(
        "<p>Signed in as {person}</p>\n<p><strong>{app}</strong> would like to:</p><ul>{wishes}</ul>{everybody}\n\
         <form method=\"post\" action=\"/{TENANT_ID}/consent\">{ticket}\n\
         <div class=\"row\"><button name=\"decision\" value=\"accept\">Accept</button>\
         <button class=\"other\" name=\"decision\" value=\"cancel\">Cancel</button></div>\n</form>",
        person = escape(person.user_name),
        app = escape(sign_in.client.name),
        ticket = hidden("ticket", ticket),
    );
    page(200, "Permissions requested", &body)
}

/// The page that posts `parameters` to the app; without a script the user presses the button.
pub(super) fn form_post(redirect_uri: &str, parameters: &[(&str, String)]) -> Outgoing {
    let fields: String = parameters.iter().map(|(name, value)| hidden(name, value)).collect();
    let body = format!(
        "<p>Taking you back to the app.</p>\n<form method=\"post\" action=\"{}\">{fields}\n\
         <div class=\"row\"><button>Continue</button></div>\n</form>\n<script>{SUBMIT}</script>",
        escape(redirect_uri)
    );
    page(200, "Working", &body)
}

/// The page that asks for the code a device shows.
pub(super) fn device(user_code: &str, problem: Option<&str>) -> Outgoing {
    let body = format!(
        "<p>Only go on if you started this sign-in yourself, on a device of your own.</p>{alarm}\n\
         <form method=\"post\" action=\"/devicelogin\">\
         <label for=\"user_code\">Code</label>\
         <input id=\"user_code\" name=\"user_code\" value=\"{code}\" autocomplete=\"off\" autocapitalize=\"characters\" autofocus>\n\
         <div class=\"row\"><button>Next</button></div>\n</form>",
        alarm = problem.map(alarm).unwrap_or_default(),
        code = escape(user_code),
    );
    page(200, "Enter code", &body)
}

/// A refusal that only the browser sees.
pub(super) fn refusal(refusal: &Refusal, visit: &Visit, heading: &str) -> Outgoing {
    let body = format!(
        "{alarm}\n<dl><dt>Trace ID</dt><dd>{trace}</dd><dt>Correlation ID</dt><dd>{correlation}</dd>\
         <dt>Timestamp</dt><dd>{stamp}</dd></dl>\n\
         <p class=\"hint\">The app isn't told about this. For what it means, run \
         <code>d365conn explain AADSTS{number}</code> in a terminal.</p>",
        alarm = alarm(&format!("AADSTS{}: {}", refusal.number, refusal.text)),
        trace = escape(&visit.trace_id),
        correlation = escape(&visit.correlation_id),
        stamp = escape(&visit.stamp()),
        number = refusal.number,
    );
    page(400, heading, &body)
}
