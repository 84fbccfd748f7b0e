//! Others on a test's bus, played by the test itself: one that owns a name and never answers, and one that is asked for a
//! keyring's password and says no. The keyring itself is never played.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    reason = "the shape of a method that is called over D-Bus is prescribed"
)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::message::Header;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use super::bus::Bus;

/// The name under which every secret service is asked.
pub const SECRETS: &str = "org.freedesktop.secrets";
/// The name under which gnome-keyring asks for a question to be shown.
pub const PROMPTER: &str = "org.gnome.keyring.SystemPrompter";

/// Owns a name on the bus, takes every call and answers none. It leaves with its value.
pub struct Silent {
    _connection: Connection,
}

impl Silent {
    pub fn named(bus: &Bus, name: &'static str) -> Self {
        let connection = Builder::address(bus.address()).and_then(|builder| builder.name(name)?.build());
        Self { _connection: connection.unwrap() }
    }
}

/// Whoever shows gnome-keyring's questions, with a person in front who thinks for a while and says no.
pub struct Refusing {
    _connection: Connection,
    asked: Arc<AtomicUsize>,
}

impl Refusing {
    pub fn after(bus: &Bus, thinks: Duration) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let desk = Desk { thinks, asked: Arc::clone(&asked) };
        let connection = Builder::address(bus.address())
            .and_then(|builder| builder.serve_at("/org/gnome/keyring/Prompter", desk))
            .and_then(|builder| builder.name(PROMPTER)?.build());
        Self { _connection: connection.unwrap(), asked }
    }

    /// How many questions were put.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

struct Desk {
    thinks: Duration,
    asked: Arc<AtomicUsize>,
}

/// One side of the exchange by which a password would travel; any number does, since none does.
fn exchange() -> String {
    format!("[sx-aes-1]\npublic={}\n", STANDARD.encode([5; 192]))
}

/// What a reply needs to be with the keyring before the call that comes after it.
const REPLY: Duration = Duration::from_millis(100);

/// Calls the keyring back from a thread of its own: it has to have its reply first, and forgets a call that overtakes it.
fn tell(connection: &zbus::Connection, keyring: String, question: OwnedObjectPath, after: Duration, answer: Answer) {
    let connection = Connection::from(connection.clone());
    thread::spawn(move || {
        thread::sleep(REPLY + after);
        let place = Some("org.gnome.keyring.internal.Prompter.Callback");
        let question = ObjectPath::from(question);
        // The keyring may have given up meanwhile.
        let _ = match answer {
            Answer::Ready(reply) => {
                let properties: HashMap<&str, Value<'_>> = HashMap::new();
                connection.call_method(
                    Some(keyring.as_str()),
                    question,
                    place,
                    "PromptReady",
                    &(reply, properties, exchange()),
                )
            }
            Answer::Done => connection.call_method(Some(keyring.as_str()), question, place, "PromptDone", &()),
        };
    });
}

enum Answer {
    Ready(&'static str),
    Done,
}

#[zbus::interface(name = "org.gnome.keyring.internal.Prompter")]
impl Desk {
    fn begin_prompting(
        &self,
        callback: OwnedObjectPath,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) {
        tell(connection, header.sender().unwrap().to_string(), callback, Duration::ZERO, Answer::Ready(""));
    }

    fn perform_prompt(
        &self,
        callback: OwnedObjectPath,
        kind: &str,
        properties: HashMap<String, OwnedValue>,
        exchange: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) {
        assert!(kind == "password" && properties.contains_key("message") && !exchange.is_empty());
        self.asked.fetch_add(1, Ordering::SeqCst);
        tell(connection, header.sender().unwrap().to_string(), callback, self.thinks, Answer::Ready("no"));
    }

    fn stop_prompting(
        &self,
        callback: OwnedObjectPath,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) {
        tell(connection, header.sender().unwrap().to_string(), callback, Duration::ZERO, Answer::Done);
    }
}
