//! The listener of the built binary as the system sees it: where its sockets are and for how long, who else may come, what
//! opens the browser. The table of all that is tried against it is in `features/listener.rs`.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use d365conn::sandbox::{INES, OWN_DESKTOP_APP, Robot, Sandbox};
use url::Url;

use super::home::Home;
use super::person::{sandbox, sign_in};
use super::started::{Started, wait_for};
use super::terminal::{AtTerminal, CTRL_C};

fn start(home: &Home, sandbox: &Sandbox, more: &str) -> Started {
    home.start(&format!("connect --no-browser --store file --tenant-url {} {more}", sandbox.address()))
}

fn asked(address: &str, name: &str) -> String {
    let url = Url::parse(address).unwrap();
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

fn port_of(address: &str) -> u16 {
    Url::parse(&asked(address, "redirect_uri")).unwrap().port().unwrap()
}

/// Every listening TCP socket of this computer with the number the system knows it by.
fn listening() -> Vec<(SocketAddr, String)> {
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let Ok(text) = std::fs::read_to_string(table) else { continue };
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // 0A is LISTEN.
            if fields[3] == "0A" {
                found.push((socket_address(fields[1]), fields[9].to_owned()));
            }
        }
    }
    found
}

/// `0100007F:1F90`: words of four bytes, each in this computer's order, and the port.
fn socket_address(text: &str) -> SocketAddr {
    let (address, port) = text.split_once(':').unwrap();
    let words =
        address.as_bytes().chunks(8).map(|word| u32::from_str_radix(str::from_utf8(word).unwrap(), 16).unwrap());
    let bytes: Vec<u8> = words.flat_map(u32::to_ne_bytes).collect();
    let address: IpAddr = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => Ipv4Addr::from(four).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).unwrap()).into(),
    };
    SocketAddr::from((address, u16::from_str_radix(port, 16).unwrap()))
}

/// Where a process listens.
fn doors_of(id: u32) -> BTreeSet<SocketAddr> {
    let files = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap();
    let sockets: Vec<PathBuf> = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok()).collect();
    let is_own =
        |number: &str| sockets.iter().any(|socket| socket.as_os_str() == format!("socket:[{number}]").as_str());
    listening().into_iter().filter(|(_, number)| is_own(number)).map(|(address, _)| address).collect()
}

fn is_open(port: u16) -> bool {
    listening().iter().any(|(address, _)| address.port() == port)
}

#[test]
#[ignore = "needs a shell with kill"]
fn a_sign_in_listens_on_loopback_only_and_for_no_longer_than_it_waits() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    let started = start(&home, &sandbox, "");
    let address = started.address();
    let port = port_of(&address);
    let own = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
    let expected: BTreeSet<SocketAddr> = own
        .into_iter()
        .filter(|address| TcpListener::bind((*address, 0)).is_ok())
        .map(|address| SocketAddr::from((address, port)))
        .collect();
    assert_eq!(doors_of(started.id()), expected);

    // Answered: gone at once, though the program goes on.
    Robot::new(INES).in_background()(&address);
    wait_for("the socket to go", || (!is_open(port)).then_some(()));
    started.finish().succeeds();

    // Interrupted.
    let started = start(&home, &sandbox, "");
    let port = port_of(&started.address());
    started.signal("INT");
    started.finish().was_interrupted();
    assert!(!is_open(port));

    // Too late.
    let started = start(&home, &sandbox, "--wait 1s");
    let port = port_of(&started.address());
    started.finish().fails(4, "auth/timed-out");
    assert!(!is_open(port));
}

#[test]
#[ignore = "needs a machine that isn't busy: a deadline of 100 ms"]
fn the_socket_is_gone_within_100_ms_of_the_answer() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    for more in ["", "--response-mode query"] {
        // What a busy machine adds isn't ours: one of three has to be in time.
        let took: Vec<Duration> = (0..3).map(|_| lingers(&home, &sandbox, more)).collect();
        assert!(took.iter().any(|took| *took < Duration::from_millis(100)), "{more}: {took:?}");
    }
}

/// How long after its answer a listener is still there.
fn lingers(home: &Home, sandbox: &Sandbox, more: &str) -> Duration {
    let started = start(home, sandbox, more);
    let address = started.address();
    let port = port_of(&address);
    let parameters = format!("code=made-up&state={}", asked(&address, "state"));
    let head = format!("HTTP/1.1\r\nHost: localhost:{port}\r\n");
    let request = if more.is_empty() {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        format!("POST / {head}{kind}\r\nContent-Length: {}\r\n\r\n{parameters}", parameters.len())
    } else {
        format!("GET /?{parameters} {head}\r\n")
    };
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_exact(&mut [0; 12]).unwrap();
    let answered = Instant::now();
    wait_for("the socket to go", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err().then_some(()));
    let took = answered.elapsed();
    drop(stream);
    // The code was made up, and Entra says so.
    assert_eq!(started.finish().status.code(), Some(4));
    took
}

#[test]
#[ignore = "needs nothing but a free port"]
fn a_port_that_another_program_holds_is_never_replaced_by_the_next_one() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    for place in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()] {
        // A computer without IPv6 has no such squatter.
        let Ok(squatter) = TcpListener::bind((place, 0)) else { continue };
        let port = squatter.local_addr().unwrap().port();
        let started = start(&home, &sandbox, &format!("--redirect-uri http://localhost:{port}/"));
        let said = started.finish().fails(2, "auth/port-taken");
        assert!(said.contains(&format!("ss -ltnp 'sport = :{port}'")), "{said}");
        assert!(!said.contains("/oauth2/v2.0/authorize"), "the user was sent to the browser first: {said}");
        assert!(squatter.set_nonblocking(true).is_ok() && squatter.accept().is_err(), "the squatter was called");
    }
}

#[test]
#[ignore = "needs root, setpriv and bash"]
fn another_user_of_this_computer_can_neither_end_nor_complete_a_sign_in() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    let started = start(&home, &sandbox, "");
    let address = started.address();
    let (port, id) = (port_of(&address), started.id());
    let mut command = home.program("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c"]);
    let script = r#"
        id -u
        for parameters in 'code=his-own' 'code=his-own&state=guess' 'error=access_denied&state=guess'; do
            exec 3<>"/dev/tcp/127.0.0.1/$0"
            printf 'GET /?%s HTTP/1.1\r\nHost: localhost:%s\r\n\r\n' "$parameters" "$0" >&3
            head -1 <&3
            exec 3>&-
        done
        # What he may read of the process that waits.
        cat "/proc/$1/cmdline" | tr '\0' ' '; echo
        cat "/proc/$1/environ" "/proc/$1/fd/0" 2>/dev/null | tr '\0' ' '
        ls "$2" 2>/dev/null
        true
    "#;
    command.arg(script).arg(port.to_string()).arg(id.to_string()).arg(home.path("home"));
    let seen = Started::of(command).finish().succeeds();
    assert!(seen.starts_with("65534\n"), "{seen}");
    assert_eq!(seen.matches("HTTP/1.1 400 ").count(), 3, "{seen}");
    for secret in ["state", "code_challenge", "nonce"] {
        assert!(!seen.contains(&asked(&address, secret)), "{secret} can be read: {seen}");
    }
    assert_eq!(sandbox.requests().iter().filter(|request| request.is_token_request()).count(), 0);
    sign_in(&started);
    started.finish().succeeds();
}

/// Puts a program into a home that writes down what it was given.
fn plant(home: &Home, path: &str, output: &str) -> PathBuf {
    let (path, output) = (home.path(path), home.path(output));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let script = format!(
        "#!/bin/sh\nfor a in \"$@\"; do echo \"$a\"; done > '{0}.part'\nmv '{0}.part' '{0}'\n",
        output.display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn given(home: &Home, output: &str) -> Vec<String> {
    let text = wait_for(output, || std::fs::read_to_string(home.path(output)).ok());
    text.lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs script"]
fn the_browser_is_given_the_address_by_no_shell_and_never_comes_from_the_working_directory() {
    let (mut home, sandbox) = (Home::with_passphrase(), sandbox());
    let line = format!("connect --store file --tenant-url {}", sandbox.address());
    let browser = plant(&home, "programs/browser", "given");
    // In the working directory, under the name that is looked for.
    plant(&home, "xdg-open", "planted");
    let path = std::env::var("PATH").unwrap();
    home.set("PATH", &format!(".::{path}"));
    let pwned = home.path("pwned");
    home.set("BROWSER", &format!("{} --new;touch$IFS{} -x", browser.display(), pwned.display()));
    let at_terminal = AtTerminal::start(&home, &line);
    let given = given(&home, "given");
    assert_eq!(given.len(), 3, "{given:?}");
    assert_eq!((given[0].as_str(), given[1].as_str()), (format!("--new;touch$IFS{}", pwned.display()).as_str(), "-x"));
    assert!(given[2].starts_with(&sandbox.address()) && given[2].contains('&'), "{given:?}");
    Robot::new(INES).in_background()(&given[2]);
    let screen = at_terminal.ends();
    assert!(screen.contains("ended with 0") && screen.contains("Inès Moreau"), "{screen}");

    // With nothing named, and an opener only where none is looked for.
    home.set("BROWSER", "");
    for program in ["script", "sh", "stty"] {
        let found = std::env::split_paths(&path).map(|place| place.join(program)).find(|place| place.exists()).unwrap();
        std::os::unix::fs::symlink(found, home.path("programs").join(program)).unwrap();
    }
    home.set("PATH", &format!(".::{}", home.path("programs").display()));
    let mut at_terminal = AtTerminal::start(&home, &line);
    at_terminal.sees("Sign in with a browser on another device, by a code?");
    at_terminal.types("n\n");
    at_terminal.sees("no browser could be opened");
    at_terminal.types(CTRL_C);
    at_terminal.ends();
    assert!(!home.path("planted").exists() && !pwned.exists());
}

#[test]
#[ignore = "needs script; takes 20 s"]
fn at_a_terminal_enter_opens_the_browser_and_ctrl_c_ends_the_wait_with_the_terminal_sane() {
    let (mut home, sandbox) = (Home::with_passphrase(), sandbox());
    let browser = plant(&home, "programs/browser", "given");
    home.set("BROWSER", browser.to_str().unwrap());
    let line =
        format!("connect --store file --tenant-url {} --client-id {}", sandbox.address(), OWN_DESKTOP_APP.client_id);

    // Ctrl-C instead of Enter.
    let at_terminal = AtTerminal::start(&home, &line);
    at_terminal.sees("Press Enter to open the browser");
    at_terminal.interrupts();
    assert!(!home.path("given").exists(), "the browser was opened unasked");

    let mut at_terminal = AtTerminal::start(&home, &line);
    at_terminal.sees("Press Enter to open the browser");
    at_terminal.sees("must have this redirect URI registered: http://localhost");
    assert!(!home.path("given").exists(), "the browser was opened unasked");
    at_terminal.types("\r");
    let address = given(&home, "given").remove(0);
    let opened = Instant::now();
    let port = port_of(&address);
    assert!(is_open(port));
    at_terminal.sees("run `d365conn explain AADSTS");
    let took = opened.elapsed();
    assert!((Duration::from_secs(17)..Duration::from_secs(25)).contains(&took), "{took:?}");
    let screen = at_terminal.interrupts();
    assert_eq!(screen.matches("explain AADSTS").count(), 1, "{screen}");
    assert!(!is_open(port));
    assert_eq!(home.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
#[ignore = "needs script"]
fn a_hidden_question_shows_nothing_and_gives_the_terminal_back() {
    let (home, sandbox) = (Home::new(), sandbox());
    let line = format!("connect --store file --no-browser --tenant-url {}", sandbox.address());
    let question = "New passphrase for the secret file";
    let mut at_terminal = AtTerminal::start(&home, &line);
    at_terminal.sees(question);
    at_terminal.types("correct horse");
    let screen = at_terminal.interrupts();
    assert!(!screen.contains("correct"), "{screen}");

    let mut at_terminal = AtTerminal::start(&home, &line);
    at_terminal.sees(question);
    at_terminal.types("correct horse\r");
    at_terminal.sees("the same again");
    at_terminal.types("correct horse\r");
    let address = at_terminal.address();
    Robot::new(INES).in_background()(&address);
    let screen = at_terminal.ends();
    assert!(screen.contains("ended with 0") && !screen.contains("correct"), "{screen}");

    // The passphrase that was chosen opens what was kept.
    let mut at_terminal = AtTerminal::start(&home, "accounts list --top 1 -o id");
    at_terminal.sees("Passphrase of the secret file");
    at_terminal.types("correct horse\r");
    let screen = at_terminal.ends();
    assert!(screen.contains("ended with 0") && !screen.contains("correct"), "{screen}");
}
