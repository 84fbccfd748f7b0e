//! A headless Chromium, driven through chromedriver: W3C `WebDriver` as JSON over a plain stream. It knows pages, elements
//! and addresses, and nothing of what they mean.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;

use serde_json::{Value, json};

use super::home::Home;
use super::started::{PATIENCE, Started, wait_for};

/// What a runner without a user namespace, a GPU or a large /dev/shm needs, and no traffic of the browser's own.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,800",
];

/// The name under which `WebDriver` hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Chromium {
    driver: Started,
    port: u16,
    session: String,
}

impl Chromium {
    pub fn start(home: &Home) -> Self {
        let mut command = home.program("chromedriver");
        // A group of its own, so that no browser outlives a test that failed before it knew its session.
        command.arg("--port=0").process_group(0);
        let driver = Started::of(command);
        let port = driver.hears("port of chromedriver", |text| {
            let (_, rest) = text.split_once("successfully on port ")?;
            let (port, _) = rest.split_once('.')?;
            port.parse().ok()
        });
        let mut browser = Self { driver, port, session: String::new() };
        let profile = format!("--user-data-dir={}", home.path("profile").display());
        let flags: Vec<&str> = FLAGS.into_iter().chain([profile.as_str()]).collect();
        let wish = json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": { "args": flags } } } });
        let session = browser.exchange("POST", "/session", Some(&wish)).1;
        browser.session = session["sessionId"].as_str().unwrap_or_default().into();
        assert!(!browser.session.is_empty(), "no browser: {session}");
        browser
    }

    pub fn open(&self, address: &str) {
        self.ask("POST", "/url", Some(&json!({ "url": address })));
    }

    /// The address bar.
    pub fn address(&self) -> String {
        self.ask("GET", "/url", None).as_str().unwrap().to_owned()
    }

    /// The text of the page that is shown.
    pub fn text(&self) -> String {
        self.find("body").map_or_else(String::new, |body| self.said_by(&body))
    }

    /// Waits until the page says `text`, and gives back all of its text.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        wait_for(&format!("a page with `{text}`"), || Some(self.text()).filter(|page| page.contains(text)))
    }

    /// Types into the field `name`.
    #[track_caller]
    pub fn type_into(&self, name: &str, text: &str) {
        let field = wait_for(name, || self.find(&format!("input[name={name}]")));
        self.ask("POST", &format!("/element/{field}/value"), Some(&json!({ "text": text })));
    }

    /// Presses the button that stands for `value`.
    #[track_caller]
    pub fn press(&self, value: &str) {
        let button = wait_for(value, || self.find(&format!("button[value={value}]")));
        self.ask("POST", &format!("/element/{button}/click"), Some(&json!({})));
    }

    fn find(&self, selector: &str) -> Option<String> {
        let wish = json!({ "using": "css selector", "value": selector });
        let (status, element) = self.exchange("POST", &self.place("/element"), Some(&wish));
        (status == 200).then(|| element[ELEMENT].as_str().unwrap().to_owned())
    }

    /// An element may be gone by the time it is asked: its page was left.
    fn said_by(&self, element: &str) -> String {
        let (status, text) = self.exchange("GET", &self.place(&format!("/element/{element}/text")), None);
        if status == 200 { text.as_str().unwrap_or_default().to_owned() } else { String::new() }
    }

    #[track_caller]
    fn ask(&self, method: &str, place: &str, body: Option<&Value>) -> Value {
        let (status, value) = self.exchange(method, &self.place(place), body);
        assert_eq!(status, 200, "{method} {place}: {value}");
        value
    }

    fn place(&self, rest: &str) -> String {
        format!("/session/{}{rest}", self.session)
    }

    #[track_caller]
    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let answer = self.try_exchange(method, path, body);
        assert!(answer.is_ok(), "{method} {path}: {answer:?}");
        answer.unwrap()
    }

    fn try_exchange(&self, method: &str, path: &str, body: Option<&Value>) -> std::io::Result<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = body.map_or_else(String::new, Value::to_string);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        // To the announced length and not to the end: the browser that is started meanwhile inherits this very stream.
        let mut answer = BufReader::new(stream);
        let (mut status, mut length) = (0, 0);
        let mut line = String::new();
        while answer.read_line(&mut line)? > 2 {
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|status| status.parse().ok()).unwrap_or(0);
            } else if let Some((_, value)) =
                line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        let mut value: Value = serde_json::from_slice(&body)?;
        Ok((status, value["value"].take()))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.try_exchange("DELETE", &self.place(""), None);
        }
        self.driver.end_group();
    }
}
