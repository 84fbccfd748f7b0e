//! Somebody at a terminal in a world of their own: types lines, sees what a terminal would show, and things happen
//! meanwhile. What ought to appear is not known here.
//!
//! A document's world differs from the test's in four things, and they are put in place of each other both ways: the
//! sandbox's address is `http://127.0.0.1:8999`, the home directory is `/home/ines`, the program that carries out a command
//! is a function (but for `exec`, which takes the place of a process), and, where a document says that this computer has a
//! keyring, the encrypted file stands in for it.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use d365conn::output::{Stdio, Terminals};
use d365conn::sandbox::{DAEMON, Fault, GUEST, INES, Robot};

use super::shell::{Command, Piece, Word, assignment, parse};
use crate::pair::Pair;
use crate::world::World;

/// The sandbox's host and port in documents.
const ADDRESS: &str = "127.0.0.1:8999";
/// The home directory in documents.
const HOME: &str = "/home/ines";
/// What a terminal does before a line of progress is replaced.
const WIPE: &str = "\r\u{1b}[K";

/// Bytes that several streams write into, in the order in which they come.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

pub struct Session {
    world: World,
    paper: Paper,
    is_terminal: bool,
    has_keyring: bool,
    variables: BTreeMap<String, String>,
    exported: Vec<String>,
    status: u8,
}

impl Session {
    /// A world without a connection, and somebody who sits down in front of it.
    pub fn new() -> Self {
        let mut world = World::new();
        world.set("D365CONN_STORE", "file");
        std::fs::create_dir(world.path("home")).unwrap();
        Self {
            world,
            paper: Paper::default(),
            is_terminal: true,
            has_keyring: false,
            variables: BTreeMap::new(),
            exported: Vec::new(),
            status: 0,
        }
    }

    /// Lets something happen that is not typed.
    pub fn meanwhile(&mut self, event: &str) {
        let faults = self.world.sandbox.faults();
        let ines = Robot::new(INES);
        match event {
            "this computer has a keyring" => self.has_keyring = true,
            "nobody is at a terminal" => self.is_terminal = false,
            "two hours pass" => self.world.pass(Duration::from_secs(2 * 60 * 60)),
            "a new day begins" => *self = Self { has_keyring: self.has_keyring, ..Self::new() },
            "this is a virtual machine in Azure" => self.world.move_to_azure(),
            "a certificate is mounted in the container" => {
                let pair = Pair::new();
                let is_known = self.world.sandbox.register_certificate(DAEMON.client_id, pair.certificate.as_bytes());
                assert!(is_known, "the daemon is an app of the sandbox");
                std::fs::write(self.at_home("nightly.pfx"), pair.pfx("opens the nightly pfx")).unwrap();
                std::fs::write(self.at_home("nightly.password"), "opens the nightly pfx").unwrap();
            }
            "Inès sits at the browser" => self.world.seat(ines),
            "a guest sits at the browser" => self.world.seat(Robot::new(GUEST)),
            "Cancel is pressed in the browser" => self.world.seat(ines.cancelling()),
            "nobody sits at the browser" => self.world.seat(ines.silent()),
            "Entra does not know the redirect URI" => faults.order(Fault::RedirectNotRegistered),
            "an administrator must approve" => faults.order(Fault::AdminApprovalNeeded),
            "the refresh token expires" => faults.order(Fault::RefreshTokenExpired),
            "the sessions of the user are revoked" => faults.order(Fault::SessionsRevoked),
            "the consent is withdrawn" => faults.order(Fault::ConsentRemoved),
            "the secret of the app expires" => faults.order(Fault::SecretExpired),
            "the user is not in the organisation" => faults.order(Fault::NotAMember),
            "a web page answers instead of Dataverse" => faults.order(Fault::DataverseHtml),
            "Dataverse asks for a pause of an hour" => faults.order(Fault::DataverseThrottled { retry_after: 3600 }),
            "the user may not delete accounts" => {
                faults.order(Fault::PrivilegeDenied { name: "prvDeleteAccount".to_owned() });
            }
            unknown => panic!("this can't happen meanwhile: {unknown}"),
        }
    }

    /// Types a line; gives back what appears.
    pub fn type_line(&mut self, line: &str) -> String {
        let line = line.replace(ADDRESS, &self.host());
        let left = self.run(&line);
        self.paper.write_all(&left).unwrap();
        self.in_words_of_the_document(&String::from_utf8_lossy(&self.paper.taken()))
    }

    fn host(&self) -> String {
        self.world.sandbox.address().trim_start_matches("http://").to_owned()
    }

    fn home(&self) -> PathBuf {
        self.world.path("home")
    }

    fn in_words_of_the_document(&self, text: &str) -> String {
        let host = self.host();
        let encoded = |host: &str| host.replace(':', "%3A");
        let mut text: String = text
            .split_inclusive('\n')
            .map(|line| line.rsplit_once(WIPE).map_or(line, |(_, last)| last))
            .collect::<String>()
            .replace(&host, ADDRESS)
            .replace(&encoded(&host), &encoded(ADDRESS))
            .replace(&self.home().display().to_string(), HOME);
        if self.has_keyring {
            text = text.replace("in the encrypted file", "in the keyring");
            text = text.replace("from the encrypted file", "from the keyring");
        }
        text
    }

    /// Runs a pipeline; gives back what its last command put out, unless it went to the terminal already.
    fn run(&mut self, line: &str) -> Vec<u8> {
        self.run_towards(line, self.is_terminal)
    }

    /// The same, with the last command's output at a terminal or not.
    fn run_towards(&mut self, line: &str, is_terminal: bool) -> Vec<u8> {
        let mut pipeline = parse(line).into_iter().peekable();
        let mut flowing: Option<Vec<u8>> = None;
        while let Some(command) = pipeline.next() {
            let target = command.output.as_ref().map(|word| self.path(word));
            let is_last = pipeline.peek().is_none();
            let input = match &command.input {
                Some(word) => Some(std::fs::read(self.path(word)).unwrap()),
                None => flowing.take(),
            };
            let mut out = self.carry_out(&command, input, is_terminal && is_last && target.is_none());
            if let Some(target) = target {
                std::fs::write(target, std::mem::take(&mut out)).unwrap();
            }
            flowing = Some(out);
        }
        flowing.unwrap_or_default()
    }

    fn carry_out(&mut self, command: &Command, input: Option<Vec<u8>>, is_terminal: bool) -> Vec<u8> {
        self.status = if command.words.is_empty() { 0 } else { self.status };
        let assignments: Vec<(String, String)> =
            command.assignments.iter().map(|(name, value)| (name.clone(), self.value(value))).collect();
        if command.words.is_empty() {
            self.variables.extend(assignments);
            return Vec::new();
        }
        if command.words[0] == [Piece::Text("export".to_owned())] {
            for word in &command.words[1..] {
                let (name, value) = assignment(word).expect("export NAME=value");
                let value = self.value(&value);
                self.variables.insert(name.clone(), value);
                self.exported.push(name);
            }
            return Vec::new();
        }
        let words: Vec<String> = command.words.iter().flat_map(|word| self.expanded(word)).collect();
        let (name, arguments) = words.split_first().expect("a command");
        let input = input.unwrap_or_default();
        let is_piped = !input.is_empty();
        let text = String::from_utf8_lossy(&input).into_owned();
        let before = std::mem::replace(&mut self.status, 0);
        match name.as_str() {
            "d365conn" if arguments.first().is_some_and(|word| word == "exec") => {
                self.exec(arguments, &[self.environment(), assignments].concat(), is_terminal)
            }
            "d365conn" => {
                let variables = [self.environment(), assignments].concat();
                self.d365conn(arguments, input, is_piped, is_terminal, &variables)
            }
            "xargs" if arguments[0] == "d365conn" => {
                let more = text.split_whitespace().map(str::to_owned);
                let arguments: Vec<String> = arguments[1..].iter().cloned().chain(more).collect();
                let variables = [self.environment(), assignments].concat();
                self.d365conn(&arguments, Vec::new(), true, is_terminal, &variables)
            }
            "curl" => curl(arguments, &text).into_bytes(),
            "echo" => format!("{}\n", arguments.join(" ")).into_bytes(),
            "printf" => printf(arguments).into_bytes(),
            "cat" => arguments.iter().flat_map(|file| std::fs::read(self.at_home(file)).unwrap()).collect(),
            "wc" if arguments == ["-l"] => format!("{}\n", text.lines().count()).into_bytes(),
            "head" if arguments[0] == "-n" => {
                let count: usize = arguments[1].parse().unwrap();
                text.split_inclusive('\n').take(count).collect::<String>().into_bytes()
            }
            "unset" => {
                self.exported.retain(|name| !arguments.contains(name));
                self.variables.retain(|name, _| !arguments.contains(name));
                Vec::new()
            }
            _ => panic!("{name} is no command here (the last one ended with {before})"),
        }
    }

    fn d365conn(
        &mut self,
        arguments: &[String],
        input: Vec<u8>,
        is_piped: bool,
        is_terminal: bool,
        variables: &[(String, String)],
    ) -> Vec<u8> {
        let data = Paper::default();
        let stdout = if is_terminal { self.paper.clone() } else { data.clone() };
        let stdin: Box<dyn Read + Send> = Box::new(Cursor::new(input));
        let mut streams = Stdio::of(stdin, stdout, self.paper.clone());
        streams.terminals = Terminals {
            stdin: self.is_terminal && !is_piped,
            stdout: is_terminal,
            stderr: self.is_terminal,
            width: Some(100),
        };
        self.status = self.world.run_on(arguments, streams, variables);
        data.taken()
    }

    /// What becomes another program gets a process, in which d365conn is the only program on the PATH.
    fn exec(&mut self, arguments: &[String], variables: &[(String, String)], is_terminal: bool) -> Vec<u8> {
        let binary = Path::new(env!("CARGO_BIN_EXE_d365conn"));
        let mut process = self.world.process_on(arguments, binary.parent().unwrap(), variables);
        let ended = process.output().unwrap();
        self.status = ended.status.code().and_then(|code| code.try_into().ok()).expect("an exit status");
        self.paper.write_all(&ended.stderr).unwrap();
        if is_terminal {
            self.paper.write_all(&ended.stdout).unwrap();
            return Vec::new();
        }
        ended.stdout
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.exported.iter().filter_map(|name| Some((name.clone(), self.variables.get(name)?.clone()))).collect()
    }

    /// A word as the words it becomes.
    fn expanded(&mut self, word: &Word) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut open: Option<String> = None;
        for piece in word {
            let (text, splits) = match piece {
                Piece::Text(text) => (text.clone(), false),
                Piece::Variable { name, splits } if name == "?" => (self.status.to_string(), *splits),
                Piece::Variable { name, splits } => {
                    let value = self.variables.get(name);
                    (value.unwrap_or_else(|| panic!("${name} is not set")).clone(), *splits)
                }
                Piece::Output { command, splits } => {
                    let out = self.run_towards(command, false);
                    (String::from_utf8(out).unwrap().trim_end_matches('\n').to_owned(), *splits)
                }
            };
            if splits {
                let mut parts = text.split_whitespace();
                if let Some(first) = parts.next() {
                    open.get_or_insert_default().push_str(first);
                }
                for part in parts {
                    words.extend(open.replace(part.to_owned()));
                }
            } else {
                open.get_or_insert_default().push_str(&text);
            }
        }
        words.extend(open);
        let home = self.home();
        let at_home = |word: String| match word.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", home.display()),
            None => word,
        };
        words.into_iter().map(at_home).collect()
    }

    fn value(&mut self, word: &Word) -> String {
        self.expanded(word).join(" ")
    }

    fn path(&mut self, word: &Word) -> PathBuf {
        let path = self.value(word);
        self.at_home(&path)
    }

    fn at_home(&self, path: &str) -> PathBuf {
        // What is absolute already stays so.
        self.home().join(path)
    }
}

/// `printf FORMAT WORDS…` with `%s` and `\n`.
fn printf(arguments: &[String]) -> String {
    let (format, words) = arguments.split_first().expect("printf FORMAT");
    let mut words = words.iter();
    let mut text = String::new();
    for (position, part) in format.split("%s").enumerate() {
        if position > 0 {
            text.push_str(words.next().map_or("", String::as_str));
        }
        text.push_str(&part.replace("\\n", "\n"));
    }
    text
}

/// `curl -sS -H @- URL`: a GET with the headers that come from stdin.
fn curl(arguments: &[String], headers: &str) -> String {
    let ["-sS", "-H", "@-", url] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        panic!("this curl does not know {arguments:?}");
    };
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a plain address");
    let mut stream = TcpStream::connect(host).unwrap();
    let headers = headers.replace('\n', "\r\n");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").expect("a body").1.to_owned()
}
