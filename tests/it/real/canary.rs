//! Canaries: every secret that there is carries a mark, every command there is runs well and badly, as talkative as it can
//! be, and no mark is found anywhere. What a command does otherwise is not asked here.

use std::time::Duration;

use d365conn::sandbox::{DAEMON, Fault, INES, OWN_WEB_APP, Options, Robot, Sandbox};

use super::home::{Home, PASSPHRASE};
use super::person::secrets_sent;
use super::search::Search;
use super::started::Finished;

/// What every secret of the sandbox ends with.
const MARK: &str = "QfC4n4ryX9w7ZsK3vT";

/// What a bundle is packed with.
const BUNDLE_PASSPHRASE: &str = "a bundle of nine hundred canaries";

/// The parameters of a command line that make a command say all it can.
const LOUD: &str = "-vv";

/// How long a sign-in is waited for that nobody begins.
const NOBODY_COMES: &str = "--wait 1s";

/// What stdout of a command may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stdout {
    /// Nothing secret.
    Clean,
    /// A secret, which is what it is asked for.
    Secret,
}

/// How one command is run: its words, its line, and what it prints. `ID` stands for the id of an account.
/// A command that is not here fails `every_command_has_an_entry`. Nouns share one entry for each verb.
const COMMANDS: &[(&str, &str, Stdout)] = &[
    ("connect", "connect --no-browser --name again --store file --tenant-url ORG", Stdout::Clean),
    ("reconnect", "reconnect --no-browser", Stdout::Clean),
    ("disconnect", "disconnect again", Stdout::Clean),
    ("connections list", "connections list -o json", Stdout::Clean),
    ("connections show", "connections show -o json", Stdout::Clean),
    ("connections use", "connections use own", Stdout::Clean),
    ("connections check", "connections check own -o json", Stdout::Clean),
    ("connections discover", "connections discover -o json", Stdout::Clean),
    (
        "connections export",
        "connections export own --encrypt -f FOLDER/home/bundle --passphrase-file FOLDER/bundle-passphrase",
        Stdout::Clean,
    ),
    (
        "connections import",
        "connections import FOLDER/home/bundle --name carried --store file --passphrase-file FOLDER/bundle-passphrase",
        Stdout::Clean,
    ),
    ("connections rename", "connections rename carried moved", Stdout::Clean),
    ("connections set", "connections set own --label production --read-only false", Stdout::Clean),
    ("whoami", "whoami -o json", Stdout::Clean),
    ("doctor", "doctor -o json", Stdout::Clean),
    ("app setup", "app setup -o json", Stdout::Clean),
    ("token", "token", Stdout::Secret),
    ("exec", "exec -- true", Stdout::Clean),
    ("proxy", "proxy", Stdout::Secret),
    ("explain", "explain AADSTS65001", Stdout::Clean),
    ("records list", "records accounts list --top 3", Stdout::Clean),
    ("records get", "records accounts get ID", Stdout::Clean),
    ("records create", "records accounts create name=x", Stdout::Clean),
    ("records update", "records accounts update ID name=y", Stdout::Clean),
    ("records delete", "records accounts delete ID --yes", Stdout::Clean),
    ("records count", "records accounts count", Stdout::Clean),
    ("records upsert", "records accounts upsert --key accountnumber=C-1 name=x", Stdout::Clean),
    ("records open", "records accounts open ID", Stdout::Clean),
    ("records assign", "records accounts assign ID --to ines.moreau@northlight.example", Stdout::Clean),
    ("records link", "records accounts link ID primarycontactid CONTACT", Stdout::Clean),
    ("records unlink", "records accounts unlink ID primarycontactid", Stdout::Clean),
    ("records add-note", "records accounts add-note ID --text hello", Stdout::Clean),
    (
        "records files download",
        "records nl_project files download --key nl_code=NLP-001 nl_contract FOLDER/contract --force",
        Stdout::Clean,
    ),
    (
        "records files upload",
        "records nl_project files upload --key nl_code=NLP-001 nl_contract FOLDER/large",
        Stdout::Clean,
    ),
    ("records files delete", "records nl_project files delete --key nl_code=NLP-001 nl_contract", Stdout::Clean),
    ("tables list", "tables list -o json", Stdout::Clean),
    ("tables show", "tables show account -o json", Stdout::Clean),
    ("api", "api WhoAmI -i", Stdout::Clean),
    ("batch", "batch FOLDER/operations", Stdout::Clean),
    ("query", "query --odata accounts?$top=1 -o json", Stdout::Clean),
    ("search", "search Alder -o json", Stdout::Clean),
    ("action list", "action list -o json", Stdout::Clean),
    ("action show", "action show QualifyLead -o json", Stdout::Clean),
    ("action run", "action run WhoAmI -o json", Stdout::Clean),
    ("NOUN list", "NOUN list --top 3 -o json", Stdout::Clean),
    ("NOUN get", "NOUN get ID", Stdout::Clean),
    ("NOUN create", "NOUN create --data {}", Stdout::Clean),
    ("NOUN update", "NOUN update ID --data {}", Stdout::Clean),
    ("NOUN count", "NOUN count", Stdout::Clean),
    ("NOUN upsert", "NOUN upsert --key accountnumber=C-1 name=x", Stdout::Clean),
    ("NOUN open", "NOUN open ID", Stdout::Clean),
    ("NOUN assign", "NOUN assign ID --to ines.moreau@northlight.example", Stdout::Clean),
    ("NOUN link", "NOUN link ID primarycontactid CONTACT", Stdout::Clean),
    ("NOUN unlink", "NOUN unlink ID primarycontactid", Stdout::Clean),
    ("NOUN add-note", "NOUN add-note ID --text hello", Stdout::Clean),
    ("NOUN files download", "NOUN files download ID documentbody", Stdout::Clean),
    ("NOUN files upload", "NOUN files upload ID documentbody FOLDER/operations", Stdout::Clean),
    ("NOUN files delete", "NOUN files delete ID documentbody", Stdout::Clean),
    ("NOUN deactivate", "NOUN deactivate ID", Stdout::Clean),
    ("NOUN activate", "NOUN activate ID", Stdout::Clean),
    ("NOUN merge", "NOUN merge ID OTHER --yes", Stdout::Clean),
    ("NOUN qualify", "NOUN qualify ID", Stdout::Clean),
    ("NOUN disqualify", "NOUN disqualify ID", Stdout::Clean),
    ("NOUN win", "NOUN win ID", Stdout::Clean),
    ("NOUN lose", "NOUN lose ID", Stdout::Clean),
    ("NOUN reopen", "NOUN reopen ID", Stdout::Clean),
    ("NOUN resolve", "NOUN resolve ID --subject done", Stdout::Clean),
    ("NOUN cancel", "NOUN cancel ID", Stdout::Clean),
    ("NOUN reactivate", "NOUN reactivate ID", Stdout::Clean),
    ("NOUN revise", "NOUN revise ID", Stdout::Clean),
    ("NOUN retire", "NOUN retire ID", Stdout::Clean),
    ("NOUN fulfill", "NOUN fulfill ID", Stdout::Clean),
    ("NOUN close", "NOUN close ID", Stdout::Clean),
    ("NOUN pay", "NOUN pay ID", Stdout::Clean),
    ("NOUN complete", "NOUN complete ID", Stdout::Clean),
    ("NOUN delete", "NOUN delete ID --yes", Stdout::Clean),
    // It prints the secrets of the apps that everybody may use.
    ("sandbox", "sandbox", Stdout::Secret),
    ("demo", "demo", Stdout::Clean),
    ("completions", "completions bash", Stdout::Clean),
    ("man", "man", Stdout::Clean),
    ("version", "version -o json", Stdout::Clean),
];

/// What an account has not: the honest refusal is looked through.
const REFUSED: [&str; 3] = ["NOUN files download", "NOUN files upload", "NOUN files delete"];

/// One operation of a batch.
const OPERATION: &str = r#"{"id":"1","method":"GET","path":"accounts?$top=1"}"#;

/// Whether a noun has a verb, which may be two words.
fn has(noun: &str, verb: &str) -> bool {
    let mut root = d365conn::cli::command();
    root.build();
    let mut words = std::iter::once(noun).chain(verb.split(' '));
    words.try_fold(&root, |command, word| command.find_subcommand(word)).is_some()
}

/// Whether a command stays until somebody ends it.
fn is_endless(line: &str) -> bool {
    ["sandbox", "proxy"].contains(&line)
}

/// The words of every command that does something, nouns as `NOUN`.
fn commands() -> Vec<String> {
    let nouns: Vec<&str> = d365conn::commands::records::NOUNS.iter().map(|noun| noun.word).collect();
    let mut root = d365conn::cli::command();
    root.build();
    let mut waiting = vec![(Vec::<String>::new(), root)];
    let mut found = Vec::new();
    while let Some((words, command)) = waiting.pop() {
        let subs: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
        if subs.is_empty() {
            found.push(words.join(" "));
        }
        for sub in subs {
            let name = if nouns.contains(&sub.get_name()) { "NOUN" } else { sub.get_name() };
            waiting.push(([words.clone(), vec![name.to_owned()]].concat(), sub.clone()));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn every_command_has_an_entry() {
    let mut known: Vec<&str> = COMMANDS.iter().map(|(words, ..)| *words).collect();
    known.sort_unstable();
    assert_eq!(known, commands(), "COMMANDS in tests/it/real/canary.rs lists every command, and none that is gone");
}

/// A home with a connection `own` of a web app, whose secrets all carry the mark, and everything that was said there.
struct Cage {
    home: Home,
    sandbox: Sandbox,
    said: Vec<(String, String)>,
}

impl Cage {
    fn new(token_life: Duration) -> Self {
        let mut home = Home::with_light_secrets();
        home.set("RUST_BACKTRACE", "full");
        home.set("RUST_LOG", "trace");
        let options = Options { token_life, mark: MARK.to_owned(), ..Options::default() };
        let sandbox = Sandbox::start_in_background(options).unwrap();
        std::fs::write(home.path("bundle-passphrase"), BUNDLE_PASSPHRASE).unwrap();
        std::fs::write(home.path("operations"), OPERATION).unwrap();
        // Large enough to go in blocks, whose token is a secret.
        std::fs::write(home.path("large"), vec![7; 5_000_000]).unwrap();
        std::fs::write(home.path("client-secret"), OWN_WEB_APP.secret.unwrap()).unwrap();
        let mut cage = Self { home, sandbox, said: Vec::new() };
        let connect = cage.connect("--name own");
        assert_eq!(connect.status.code(), Some(0), "{}", connect.stderr);
        cage
    }

    /// Renews at every command.
    fn renewing() -> Self {
        Self::new(Duration::from_secs(200))
    }

    fn lasting() -> Self {
        Self::new(Duration::from_secs(4000))
    }

    fn connect(&mut self, more: &str) -> Finished {
        let line = format!(
            "connect --no-browser --store file --tenant-url {} --client-id {} --client-secret-file {} {more}",
            self.sandbox.address(),
            OWN_WEB_APP.client_id,
            self.home.path("client-secret").display()
        );
        self.play(&line, Stdout::Clean)
    }

    /// Runs a line, signs in where it asks for that, and remembers what it said.
    fn play(&mut self, line: &str, stdout: Stdout) -> Finished {
        let folder = self.home.path("").display().to_string();
        let line = line.replace("ORG", &self.sandbox.address()).replace("FOLDER", folder.trim_end_matches('/'));
        let started = self.home.start(&format!("{LOUD} {line}"));
        // A sign-in that can't succeed ends before its address is shown.
        if line.contains("--no-browser")
            && !line.contains(NOBODY_COMES)
            && let Some(address) = started.address_or_end()
        {
            (Robot::new(INES).in_background())(&address);
        }
        if is_endless(&line) {
            started.hears("address", |text| text.contains("http://").then_some(()));
            started.signal("INT");
        }
        let argv = std::fs::read(format!("/proc/{}/cmdline", started.id())).unwrap_or_default();
        self.said.push((format!("argv of {line}"), String::from_utf8_lossy(&argv).into_owned()));
        let finished = started.finish();
        self.said.push((format!("stderr of {line}"), finished.stderr.clone()));
        if stdout == Stdout::Clean {
            self.said.push((format!("stdout of {line}"), finished.stdout.clone()));
        }
        finished
    }

    /// The ids of two records.
    fn two(&mut self, noun: &str) -> [String; 2] {
        let listed = self.play(&format!("{noun} list --top 2 -o id"), Stdout::Clean).stdout;
        let mut ids = listed.lines().map(str::to_owned);
        std::array::from_fn(|_| ids.next().unwrap_or_default())
    }

    /// Everything that was said and everything in this home's folder, but what the test itself put there.
    #[track_caller]
    fn is_clean(&self) {
        let mut search = Search::default();
        search.add(MARK);
        search.add(PASSPHRASE);
        search.add(BUNDLE_PASSPHRASE);
        search.add(OWN_WEB_APP.secret.unwrap());
        search.add(DAEMON.secret.unwrap());
        let sent = secrets_sent(&self.sandbox);
        assert!(sent.iter().any(|secret| secret.contains(MARK)), "nothing was sent");
        sent.iter().chain(&self.sandbox.issued_secrets()).for_each(|secret| search.add(secret));
        for (place, text) in &self.said {
            search.passes(place, text.as_bytes());
        }
        for (path, content) in self.home.files() {
            search.passes(&path.display().to_string(), &content);
        }
    }
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn no_command_that_goes_well_shows_a_secret() {
    let mut cage = Cage::renewing();
    let nouns: Vec<&str> = d365conn::commands::records::NOUNS.iter().map(|noun| noun.word).collect();
    for (words, line, stdout) in COMMANDS {
        let verb = words.strip_prefix("NOUN ");
        let nouns = match verb {
            // Every noun runs the same code.
            Some(verb) => nouns.iter().copied().filter(|noun| has(noun, verb)).take(3).collect(),
            None => vec![""],
        };
        for noun in nouns {
            let mut line = line.replace("NOUN", noun);
            // Another table may need a name, or know no such key.
            let is_of_account = ["ID", "accountnumber", "create"].iter().any(|word| line.contains(word));
            if line.contains("ID") {
                let [id, other] = cage.two("accounts");
                line = line.replace("ID", &id).replace("OTHER", &other);
            }
            if line.contains("CONTACT") {
                line = line.replace("CONTACT", &cage.two("contacts")[0]);
            }
            let finished = cage.play(&line, *stdout);
            // A contact has another id than an account: then it is an honest refusal that is looked through.
            let is_other_table = !noun.is_empty() && noun != "accounts" && is_of_account;
            let is_excused = is_other_table || is_endless(&line) || REFUSED.contains(words);
            let code = finished.status.code();
            assert!(code == Some(0) || is_excused, "{line}: {code:?}: {}", finished.stderr);
        }
    }
    cage.is_clean();
}

/// What goes wrong at the other end, and the line that meets it.
fn misfortunes() -> Vec<(Fault, &'static str)> {
    let text = str::to_owned;
    let evil = || "https://login.evil.example/x/oauth2/authorize".to_owned();
    vec![
        (Fault::RefreshTokenExpired, "accounts list"),
        (Fault::SessionsRevoked, "whoami"),
        (Fault::ConsentRemoved, "doctor -o json"),
        (Fault::SecretExpired, "accounts list -o json"),
        (Fault::TokenReflects { is_dead: false }, "accounts list"),
        (Fault::TokenReflects { is_dead: true }, "accounts list -o json"),
        (Fault::TokenReflects { is_dead: true }, "doctor -o json"),
        (Fault::TokenReflects { is_dead: false }, "doctor -o table"),
        (Fault::TokenReflects { is_dead: false }, "reconnect --no-browser"),
        (Fault::TokenThrottled { retry_after: 3600 }, "whoami"),
        (Fault::TokenUnavailable, "whoami"),
        (Fault::TokenRedirects { to: text("https://evil.example/token") }, "whoami"),
        (Fault::NumbersAsStrings, "whoami"),
        (Fault::NoRefreshToken, "whoami"),
        (Fault::WrongNonce, "reconnect --no-browser"),
        (Fault::RedirectNotRegistered, "reconnect --no-browser --wait 5s"),
        (Fault::AdminApprovalNeeded, "reconnect --no-browser --wait 5s"),
        (Fault::BlockedByPolicy, "reconnect --no-browser --wait 5s"),
        (Fault::ChallengeNames { authorization_uri: evil() }, "reconnect --no-browser --wait 1s"),
        (Fault::ChallengeResource { resource_id: text("https://other.example/") }, "reconnect --no-browser --wait 1s"),
        (Fault::DataverseReflects { status: 400 }, "accounts list"),
        (Fault::DataverseReflects { status: 401 }, "accounts list -o json"),
        (Fault::DataverseReflects { status: 403 }, "whoami"),
        (Fault::DataverseReflects { status: 403 }, "doctor -o json"),
        (Fault::DataverseReflects { status: 404 }, "doctor -o tsv"),
        (Fault::DataverseReflects { status: 412 }, "accounts create name=x -o json"),
        (Fault::DataverseReflects { status: 500 }, "accounts create name=x"),
        (Fault::DataverseReflects { status: 400 }, "reconnect --no-browser"),
        (Fault::DataverseThrottled { retry_after: 3600 }, "accounts list --max-wait 1s"),
        (Fault::DataverseUnavailable, "accounts create name=x --max-wait 1s"),
        (Fault::DataverseHtml, "accounts list"),
        (Fault::TokenRejected, "accounts list"),
        (Fault::NextLinkTo { url: text("https://evil.example/next") }, "contacts list --all --page-size 5 -o json"),
        (Fault::NotAMember, "accounts list"),
        (Fault::PrivilegeDenied { name: text("prvReadAccount") }, "accounts list"),
        (Fault::CutConnection, "accounts list -o csv"),
        (Fault::LoseAnswer, "accounts create name=x"),
        (Fault::ClockAhead { by: Duration::from_secs(7200) }, "doctor"),
        (Fault::ReuseDetection, "whoami"),
    ]
}

fn suffer(misfortunes: &[(Fault, &str)]) {
    for (fault, line) in misfortunes {
        let mut cage = Cage::renewing();
        cage.sandbox.faults().order(fault.clone());
        let finished = cage.play(line, Stdout::Clean);
        assert_eq!(cage.sandbox.faults().pending(), [], "{line} did not meet {fault:?}: {}", finished.stderr);
        // A rejected token is renewed, and a living one is used when that fails: then there is nothing to show.
        let is_shown = match fault {
            Fault::DataverseReflects { status } => *status != 401,
            Fault::TokenReflects { is_dead } => {
                line.starts_with("reconnect") || *is_dead && !line.starts_with("doctor")
            }
            _ => false,
        };
        if is_shown {
            let said = format!("{}{}", finished.stdout, finished.stderr);
            assert!(said.contains("***"), "{line} did not show what {fault:?} sent: {said}");
        }
        // What was noted meanwhile is shown later.
        let _ = cage.play("connections show -o json", Stdout::Clean);
        cage.is_clean();
    }
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn no_misfortune_at_entra_s_shows_a_secret() {
    let all = misfortunes();
    let end = all.iter().position(|(fault, _)| matches!(fault, Fault::DataverseReflects { .. })).unwrap();
    suffer(&all[..end]);
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn no_misfortune_at_dataverse_s_shows_a_secret() {
    let all = misfortunes();
    let begin = all.iter().position(|(fault, _)| matches!(fault, Fault::DataverseReflects { .. })).unwrap();
    assert!(all.len() >= 20);
    suffer(&all[begin..]);
}

/// Puts something where a file of ours stands.
fn spoil(cage: &Cage, name: &str, content: &[u8]) {
    std::fs::write(cage.home.path("home").join(name), content).unwrap();
}

const REGISTRY: &str = ".config/d365conn/connections.toml";
const SECRETS: &str = ".local/state/d365conn/secrets.d365";

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn no_trouble_at_home_shows_a_secret() {
    type Trouble = fn(&mut Cage);
    let troubles: [(&str, Trouble, &str); 10] = [
        ("a wrong passphrase", |cage| cage.home.set_passphrase("not the right one"), "accounts list"),
        ("no passphrase", |cage| cage.home.set("D365CONN_STORE_PASSPHRASE_FILE", "/no/such/file"), "accounts list"),
        ("a damaged list", |cage| spoil(cage, REGISTRY, b"version = 1\n[[connections]\n"), "accounts list"),
        ("a newer list", |cage| spoil(cage, REGISTRY, b"version = 3\n"), "doctor"),
        ("a damaged secret file", |cage| spoil(cage, SECRETS, b"D365CONN then nothing"), "whoami -o json"),
        (
            "a secret file that is a link",
            |cage| {
                let file = cage.home.path("home").join(SECRETS);
                std::fs::rename(&file, cage.home.path("elsewhere")).unwrap();
                std::os::unix::fs::symlink(cage.home.path("elsewhere"), &file).unwrap();
            },
            "accounts list",
        ),
        ("no secret file", |cage| std::fs::remove_file(cage.home.path("home").join(SECRETS)).unwrap(), "accounts list"),
        (
            "a client secret that is none",
            |cage| std::fs::write(cage.home.path("client-secret"), "n0t-the-r1ght-cl1ent-s3cret").unwrap(),
            "connections list",
        ),
        ("a proxy with a password", |cage| cage.home.set("HTTPS_PROXY", "http://kim:QfC4n4ryX9w7ZsK3vT@:x"), "whoami"),
        (
            "an organisation that has gone",
            |cage| {
                let gone = Sandbox::start_in_background(Options::default()).unwrap();
                let list = std::fs::read_to_string(cage.home.path("home").join(REGISTRY)).unwrap();
                spoil(cage, REGISTRY, list.replace(&cage.sandbox.address(), &gone.address()).as_bytes());
            },
            "doctor -o json",
        ),
    ];
    for (trouble, make, line) in troubles {
        let mut cage = Cage::lasting();
        make(&mut cage);
        let finished = cage.play(line, Stdout::Clean);
        assert!(finished.status.code().is_some_and(|code| code != 70), "{trouble}: {}", finished.stderr);
        if trouble.contains("client secret") {
            let refused = cage.connect("--name refused");
            assert_eq!(refused.status.code(), Some(4), "{}", refused.stderr);
        }
        cage.is_clean();
    }
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn no_secret_of_the_environment_is_shown() {
    let giver = Cage::lasting();
    let issued = giver.sandbox.issued_secrets();
    let token = |is_access: bool| issued.iter().find(|token| token.starts_with("eyJ") == is_access).unwrap().clone();
    let with = |variables: &[(&str, &str)], fault: Option<Fault>, line: &str| {
        let mut cage = Cage::lasting();
        cage.home.set("D365CONN_TENANT_URL", &giver.sandbox.address());
        for (name, value) in variables {
            cage.home.set(name, value);
        }
        if let Some(fault) = fault {
            giver.sandbox.faults().order(fault);
        }
        let finished = cage.play(line, Stdout::Clean);
        cage.said.extend([("what the giver gave".to_owned(), finished.stderr)]);
        cage.is_clean();
    };
    let (access, refresh) = (token(true), token(false));
    let web = [("D365CONN_CLIENT_ID", OWN_WEB_APP.client_id), ("D365CONN_CLIENT_SECRET", OWN_WEB_APP.secret.unwrap())];
    let daemon = [("D365CONN_CLIENT_ID", DAEMON.client_id), ("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap())];
    let reflects = || Some(Fault::DataverseReflects { status: 403 });
    with(&[("D365CONN_ACCESS_TOKEN", &access)], None, "accounts list");
    with(&[("D365CONN_ACCESS_TOKEN", &access)], reflects(), "accounts list");
    with(&[("D365CONN_ACCESS_TOKEN", &format!("{access}\n{access}"))], None, "accounts list");
    with(&[web[0], web[1], ("D365CONN_REFRESH_TOKEN", &refresh)], reflects(), "whoami");
    with(&[web[0], ("D365CONN_REFRESH_TOKEN", "1.Awrong-QfC4n4ryX9w7ZsK3vT")], None, "whoami");
    with(&daemon, Some(Fault::TokenReflects { is_dead: false }), "accounts list -o json");
    with(&[daemon[0], ("D365CONN_CLIENT_SECRET", "wr0ng-QfC4n4ryX9w7ZsK3vT")], None, "doctor -o json");
}

#[test]
fn a_canary_that_sings_is_heard() {
    let mut search = Search::default();
    search.add(&format!("1.Aabc+/def&{MARK}"));
    for song in [
        format!("token 1.Aabc+/def&{MARK}"),
        format!("cut {}", &MARK[2..15]),
        "MS5BYWJjKy9kZWYmUWZDNG40cnlYOXc3WnNLM3ZU".to_owned(),
        "1.Aabc%2B%2Fdef%26QfC4".to_owned(),
        "516643346e34727958397737".to_owned(),
    ] {
        assert!(search.hears(song.as_bytes()), "{song}");
    }
    assert!(!search.hears(b"nothing of the kind, and QfC4n4ryX9w alone is too short"));
}
