//! A D-Bus session and a gnome-keyring of a test's own, in its own home. They end with their values. What is kept in them is
//! not known here.

use std::io::Write as _;
use std::process::Stdio;

use super::home::Home;
use super::started::{Started, wait_for};

/// A bus that starts nothing by itself: whoever is on it was put there by the test.
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=SOCKETS</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    RULES
  </policy>
</busconfig>
"#;

pub struct Bus {
    _daemon: Started,
    address: String,
}

impl Bus {
    /// Starts a bus and tells `home` its address.
    pub fn start(home: &mut Home) -> Self {
        Self::with_rules(home, "")
    }

    /// The same with further rules on who may talk to whom, as an administrator writes them.
    pub fn with_rules(home: &mut Home, rules: &str) -> Self {
        let path = home.path("bus.conf");
        let sockets = home.path("run");
        let configuration = CONFIGURATION.replace("SOCKETS", sockets.to_str().unwrap()).replace("RULES", rules);
        std::fs::write(&path, configuration).unwrap();
        let mut command = home.program("dbus-daemon");
        command.arg(format!("--config-file={}", path.display())).args(["--nofork", "--print-address"]);
        let daemon = Started::of(command);
        let address = daemon.hears("address of the bus", |text| {
            let (line, _) = text.split_once('\n')?;
            Some(line.to_owned())
        });
        home.set("DBUS_SESSION_BUS_ADDRESS", &address);
        Self { _daemon: daemon, address }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }
}

pub struct Keyring {
    daemon: Started,
}

impl Keyring {
    /// Starts a keyring that is unlocked with `password`; the first one makes it.
    pub fn unlocked(home: &Home, password: &str) -> Self {
        Self::start(home, Some(password))
    }

    /// Starts a keyring without its password, and without anybody on the bus who could ask for it.
    pub fn locked(home: &Home) -> Self {
        Self::start(home, None)
    }

    fn start(home: &Home, password: Option<&str>) -> Self {
        let mut command = home.program("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).stdin(Stdio::null());
        if let Some(password) = password {
            let path = home.path("keyring-password");
            // The whole of stdin is the password, a line end included.
            std::fs::File::create(&path).unwrap().write_all(password.as_bytes()).unwrap();
            command.arg("--unlock").stdin(std::fs::File::open(&path).unwrap());
        }
        let daemon = Started::of(command);
        wait_for("the keyring on its bus", || is_on_the_bus(home).then_some(()));
        Self { daemon }
    }

    /// The process that answers.
    pub fn id(&self) -> u32 {
        self.daemon.id()
    }

    /// Ends it, and waits until its name is free.
    pub fn stop(self, home: &Home) {
        drop(self);
        wait_for("the keyring to leave its bus", || (!is_on_the_bus(home)).then_some(()));
    }
}

fn is_on_the_bus(home: &Home) -> bool {
    let mut command = home.program("gdbus");
    command.args(["call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus"]);
    command.args(["--method", "org.freedesktop.DBus.NameHasOwner", "org.freedesktop.secrets"]);
    Started::of(command).finish().succeeds().contains("true")
}
