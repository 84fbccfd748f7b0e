//! The guide as people read it. What stands in it is decided elsewhere.

use std::fmt::Write as _;

use crate::commands::app::az;
use crate::commands::app::guide::{APP_ID, Guide, Kind};

/// The whole page.
pub(super) fn page(guide: &Guide) -> String {
    let mut page = String::new();
    let what = match guide.kind {
        Kind::Desktop(_) => "an app with which people sign in, without a secret",
        Kind::Web(_) => "an app with which people sign in and which has a secret",
        Kind::Daemon => "an app that signs in by itself, for jobs that nobody watches",
    };
    put(&mut page, &format!("What to register in Entra (cloud {}) for {what}.", guide.cloud.name));
    facts(&mut page, guide);
    put(&mut page, &format!("\nIn the portal, {}:", guide.portal_url()));
    numbered(&mut page, &guide.portal_steps());
    put(&mut page, "\nOr in a POSIX shell with the Azure CLI:\n");
    for line in az::lines(guide) {
        put(&mut page, &format!("  {line}"));
    }
    if let Some(note) = secret_note(&guide.kind) {
        put(&mut page, &format!("\n{note}"));
    }
    let user_steps = guide.application_user_steps();
    if !user_steps.is_empty() {
        put(&mut page, "\nThen make the app a user of the organisation, which a token alone is not:");
        numbered(&mut page, &user_steps);
    }
    if let (Some(url), Some(line)) = (guide.admin_consent_url(), guide.admin_consent()) {
        let place = match guide.tenant {
            None => "\n(TENANT_ID stands for the Tenant ID in Entra admin center → Overview)",
            Some(_) => "",
        };
        put(
            &mut page,
            &format!(
                "\nUsers are asked for their consent once. Where only an administrator may give it, one of them opens{place}\n\n  {url}"
            ),
        );
        put(&mut page, &format!("\nor runs:\n\n  {line}"));
    }
    put(&mut page, "\nThen:\n");
    if guide.kind == Kind::Daemon {
        put(&mut page, &format!("  export D365CONN_TENANT_URL={}", guide.address));
        put(&mut page, &format!("  export D365CONN_CLIENT_ID={APP_ID}"));
        put(&mut page, "  export D365CONN_CLIENT_SECRET_FILE=FILE_WITH_THE_SECRET");
    }
    put(&mut page, &format!("  {}", guide.connect(APP_ID)));
    page
}

fn facts(page: &mut String, guide: &Guide) {
    page.push('\n');
    let mut fact = |name: &str, value: &str| put(page, &format!("  {name:<14}{value}"));
    if let (Some(platform), Some(uri)) = (guide.kind.platform(), guide.kind.redirect_uri()) {
        fact("redirect URI", &format!("{uri}   under \"{platform}\""));
    }
    fact("secret", if guide.kind.has_secret() { "yes" } else { "none" });
    for permission in guide.kind.permissions() {
        fact("permission", &format!("{} {}, delegated", permission.api, permission.name));
        fact("", &format!("{} of {}", permission.id, permission.api_id));
    }
    if guide.kind.permissions().is_empty() {
        fact("permission", "none in Entra; security roles in the organisation instead");
    }
}

fn secret_note(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Desktop(_) => None,
        Kind::Web(_) => Some(
            "The last line hands the new secret to d365conn without showing it; it is kept with the connection's\n\
             secrets and nowhere else. A secret that is seconds old may still be refused (AADSTS7000215): run the\n\
             line again, and delete the secret that is not used.",
        ),
        Kind::Daemon => Some(
            "The secret goes into the environment of this shell and is not shown. In CI keep it as a secret variable\n\
             of that name; on a server write it to a file and name that with D365CONN_CLIENT_SECRET_FILE.",
        ),
    }
}

fn numbered(page: &mut String, steps: &[String]) {
    page.push('\n');
    for (number, step) in steps.iter().enumerate() {
        put(page, &format!("  {}. {step}", number + 1));
    }
}

fn put(page: &mut String, line: &str) {
    // Writing into memory can't fail.
    let _ = writeln!(page, "{line}");
}
