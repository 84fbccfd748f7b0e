//! Floors: a room uses only rooms on lower floors, and the sandbox nothing but the clock. No exceptions are listed here.

use super::source::{Source, first_word, house, line_after, words};

/// From the ground up. `problem` lies beneath its neighbours, because the other rooms of the ground floor tell their
/// failures in its words.
const FLOORS: [&[&str]; 12] = [
    &["problem"],
    &["secret", "clock", "environment", "guard", "signals"],
    &["tenant", "record"],
    &["connection", "paths", "child", "sandbox"],
    &["net", "output", "settings"],
    &["auth", "store", "dataverse", "proxy"],
    &["session", "transfer"],
    &["context"],
    &["doctor"],
    &["commands"],
    &["cli"],
    &["main", "lib"],
];

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Every use of a room that is not below, told as `file:line: what`.
fn breaches(files: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files {
        let (own, code) = (file.room(), file.code());
        let Some(floor) = floor_of(own) else {
            breaches.push(format!("{}: the room `{own}` has no floor", file.path));
            continue;
        };
        let mut tell = |before: &str, what: String| {
            breaches.push(format!("{}:{}: {what}", file.path, line_after(before)));
        };
        for (before, after) in words(&code, "crate") {
            let Some(path) = after.strip_prefix("::") else { continue };
            let used = first_word(path);
            let is_allowed = match floor_of(used) {
                _ if used == own => true,
                Some(used_floor) if own == "sandbox" => used == "clock" && used_floor < floor,
                Some(used_floor) => used_floor < floor,
                // What `lib.rs` itself defines is on the top floor.
                None => own == "main" || own == "lib",
            };
            if !is_allowed {
                tell(before, format!("`{own}` uses `{used}`"));
            }
        }
        for (before, after) in words(&code, "super") {
            let is_first = !before.ends_with("::");
            let supers = after.split("::").skip(1).take_while(|word| first_word(word) == "super").count() + 1;
            if is_first && supers >= file.depth() {
                tell(before, format!("`{own}` leaves its room by `super`; write `crate::room::Thing`"));
            }
        }
    }
    breaches
}

#[test]
fn a_room_uses_only_rooms_on_lower_floors() {
    let breaches = breaches(&house());
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn planted_breaches_are_seen() {
    let planted = [
        ("up", "src/tenant/url.rs", "use crate::net::Http;\n"),
        ("up, in an expression", "src/record.rs", "fn f() { crate::cli::run() }\n"),
        ("sideways", "src/store/vault.rs", "use crate::auth::TokenSet;\n"),
        ("sideways, after code", "src/tenant/url.rs", "fn f() {}\nuse crate::record::Record;\n"),
        ("sandbox", "src/sandbox/world.rs", "use crate::record::Record;\n"),
        ("sandbox, ground floor", "src/sandbox/world.rs", "use crate::problem::Problem;\n"),
        ("unknown room", "src/net/http.rs", "use crate::helpers::Thing;\n"),
        ("room without a floor", "src/misc/mod.rs", "\n"),
        ("over the wall", "src/tenant/url.rs", "use super::super::net::Http;\n"),
        ("over the wall of a doorplate", "src/tenant/mod.rs", "use super::net::Http;\n"),
        ("over the wall of a one-file room", "src/record.rs", "use super::net::Http;\n"),
        ("to the roof", "src/net/http.rs", "use crate::lib::run;\n"),
    ];
    for (name, path, text) in planted {
        assert_eq!(breaches(&[Source::planted(path, text)]).len(), 1, "{name}");
    }
}

#[test]
fn what_is_allowed_is_not_called_a_breach() {
    let allowed = [
        ("src/net/http.rs", "use crate::net::Origin;\nuse crate::secret::Secret;\nuse super::trace::Trace;\n"),
        ("src/net/http.rs", "/// [see](crate::cli)\n// crate::cli\nconst X: &str = \"crate::cli\";\n"),
        ("src/net/http.rs", "#[cfg(test)]\nmod tests { use super::*; use crate::dataverse::Client; }\n"),
        ("src/sandbox/server.rs", "use crate::clock::Clock;\nuse crate::sandbox::Person;\n"),
        ("src/environment.rs", "use crate::problem::Phrase;\n"),
        ("src/tenant/url.rs", "fn f() { super::SANDBOX }\n"),
        ("src/lib.rs", "pub use crate::cli::run;\n"),
    ];
    for (path, text) in allowed {
        assert_eq!(breaches(&[Source::planted(path, text)]), Vec::<String>::new(), "{text}");
    }
}
