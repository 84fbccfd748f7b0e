//! What failures of the network mean and what to do.

use crate::net::runtime;
use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &FOREIGN_LINK,
    &HOST_NOT_FOUND,
    &CONNECTION_REFUSED,
    &UNREACHABLE,
    &CONNECT_TIMEOUT,
    &UNTRUSTED_ISSUER,
    &WRONG_NAME,
    &OUTSIDE_DATES,
    &TLS,
    &PROXY_LOGIN,
    &PROXY_SCHEME,
    &PROXY_CREDENTIALS,
    &PROXY_FORBIDS,
    &PROXY_REFUSED,
    &SILENT,
    &TOO_SLOW,
    &BROKEN,
    &GARBLED,
    &TOO_LARGE,
    &BAD_CERTIFICATE_FILE,
    &NO_ROOTS,
    &BAD_PROXY,
    &BAD_HEADER,
    &runtime::TOO_MANY_FILES,
    &runtime::NO_RUNTIME,
    &UNWRITABLE,
    &NO_ANSWER,
    &THROTTLED,
    &ASKS_TO_WAIT,
];

pub(super) static FOREIGN_LINK: Phrase = Phrase {
    code: "net/foreign-link",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "it leads to {place}, and this connection only ever talks to {origin}",
    remedy: &["run `d365conn doctor` to see who answers for {origin}; the link was not followed"],
};

pub(super) static HOST_NOT_FOUND: Phrase = Phrase {
    code: "net/host-not-found",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "no organisation has this address, or this machine can't ask for names right now",
    remedy: &[
        "compare {host} with the address bar of the app in the browser, the region number (crm, crm4, crm11 …) above all",
        "if names are only known to a proxy here, set HTTPS_PROXY=http://<proxy>:<port>",
        "run `d365conn doctor` to see whether any name is found",
    ],
};

pub(super) static CONNECTION_REFUSED: Phrase = Phrase {
    code: "net/connection-refused",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the host is there, but nothing on it accepts this connection",
    remedy: &[
        "if this is the sandbox, start it with `d365conn sandbox` and use the address it prints",
        "if this network needs a proxy, set HTTPS_PROXY=http://<proxy>:<port>",
        "run `d365conn doctor` to see which link is broken",
    ],
};

pub(super) static UNREACHABLE: Phrase = Phrase {
    code: "net/unreachable",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "there is no way from here to there: no network, no route, or a firewall",
    remedy: &[
        "check the network and the VPN, then run the command again",
        "if this network needs a proxy, set HTTPS_PROXY=http://<proxy>:<port>",
        "run `d365conn doctor` to see which link is broken",
    ],
};

pub(super) static CONNECT_TIMEOUT: Phrase = Phrase {
    code: "net/connect-timeout",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "nothing came back at all, which is what a firewall looks like that drops what it does not like",
    remedy: &[
        "if this network needs a proxy, set HTTPS_PROXY=http://<proxy>:<port>",
        "run `d365conn doctor` to see which link is broken",
    ],
};

pub(super) static UNTRUSTED_ISSUER: Phrase = Phrase {
    code: "net/untrusted-issuer",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "something between here and {host}, often a company proxy that reads TLS, shows a certificate of its own",
    remedy: &[
        "get the company's root certificate as PEM and run again with `--ca-file <file>`, or set SSL_CERT_FILE to a bundle with it",
        "run `d365conn doctor` to see who issued the certificate",
    ],
};

pub(super) static WRONG_NAME: Phrase = Phrase {
    code: "net/wrong-name",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "who answers for {host} is somebody else: a captive portal, a filter, or a wrong entry in DNS or hosts",
    remedy: &[
        "open https://{host} in a browser once: a captive portal shows its login page there",
        "run `d365conn doctor` to see which names the certificate has",
    ],
};

pub(super) static OUTSIDE_DATES: Phrase = Phrase {
    code: "net/certificate-dates",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "either this machine's clock is wrong or the certificate has run out",
    remedy: &[
        "set the clock (on Linux `sudo timedatectl set-ntp true`) and run the command again",
        "run `d365conn doctor` to compare this clock with the service's",
    ],
};

pub(super) static TLS: Phrase = Phrase {
    code: "net/tls",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the two sides could not agree on a secure connection, or something in between broke it off",
    remedy: &["run `d365conn doctor` to see who answers for {host} and how"],
};

pub(super) static PROXY_LOGIN: Phrase = Phrase {
    code: "net/proxy-login",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the proxy answered 407",
    remedy: &[
        "set HTTPS_PROXY=http://<user>:<password>@<proxy>:<port>",
        "run `d365conn doctor` to see which proxy is used",
    ],
};

pub(super) static PROXY_SCHEME: Phrase = Phrase {
    code: "net/proxy-scheme",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the proxy answered 407 without offering Basic, so no user name and password in its address can help",
    remedy: &[
        "run a relay on this machine that signs in to it, such as px or cntlm, and set HTTPS_PROXY=http://127.0.0.1:3128",
        "ask whoever runs the proxy to let {host} through without a sign-in",
    ],
};

pub(super) static PROXY_CREDENTIALS: Phrase = Phrase {
    code: "net/proxy-credentials",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the proxy answered 407 although Basic credentials went along",
    remedy: &[
        "correct the user name and the password in HTTPS_PROXY or ALL_PROXY",
        "ask whoever runs the proxy whether this user may reach {host}",
    ],
};

pub(super) static PROXY_FORBIDS: Phrase = Phrase {
    code: "net/proxy-forbids",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the refusal is the proxy's own; {host} was not asked",
    remedy: &[
        "ask whoever runs the proxy to allow CONNECT to {host}:443",
        "if {host} is reached without a proxy, set NO_PROXY={host}",
    ],
};

pub(super) static PROXY_REFUSED: Phrase = Phrase {
    code: "net/proxy-refused",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the proxy can't be reached, or does not allow {host}",
    remedy: &[
        "check HTTPS_PROXY and ALL_PROXY; if {host} is reached without a proxy, set NO_PROXY={host}",
        "ask whoever runs the proxy to allow CONNECT to {host}:443",
        "run `d365conn doctor` to see which proxy is used",
    ],
};

pub(super) static SILENT: Phrase = Phrase {
    code: "net/silent",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the connection stands, but nothing comes over it any more",
    remedy: &[
        "run again with a longer `--timeout`, such as `--timeout 5m`, or ask for less at once",
        "run `d365conn doctor` to see which link is broken",
    ],
};

pub(super) static TOO_SLOW: Phrase = Phrase {
    code: "net/too-slow",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "within ten times `--timeout` an answer has to be whole, the next row has to come, or 64 KiB of a file have to pass",
    remedy: &[
        "run again with a longer `--timeout`, such as `--timeout 5m`, or ask for less at once",
        "run `d365conn doctor` to see which link is broken",
    ],
};

pub(super) static BROKEN: Phrase = Phrase {
    code: "net/broken",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the connection broke and trying again did not help, or was not safe",
    remedy: &["run the command again; if it happens often, run `d365conn doctor` to see which link is broken"],
};

pub(super) static GARBLED: Phrase = Phrase {
    code: "net/garbled",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "something between here and {host} changes what it sends",
    remedy: &["run `d365conn doctor` to see which proxy is used and who answers for {host}"],
};

pub(super) static TOO_LARGE: Phrase = Phrase {
    code: "net/too-large",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "no answer of Dataverse to this request is that long, so this is not one",
    remedy: &["run `d365conn doctor` to see who answers for {host}"],
};

pub(super) static BAD_CERTIFICATE_FILE: Phrase = Phrase {
    code: "net/bad-certificate-file",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "without it nobody would be trusted who should be, so nothing was sent",
    remedy: &[
        "give {given_by} a readable PEM file with a line `-----BEGIN CERTIFICATE-----`, or leave it out",
        "convert a DER file with `openssl x509 -inform der -in {path} -out ca.pem`",
    ],
};

pub(super) static NO_ROOTS: Phrase = Phrase {
    code: "net/no-roots",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "so nobody's certificate can be checked, as in a slim container",
    remedy: &[
        "install them: `apt-get install ca-certificates`, `apk add ca-certificates` or `dnf install ca-certificates`",
        "run again with `--ca-file <file>`, a PEM bundle of authorities",
    ],
};

pub(super) static BAD_PROXY: Phrase = Phrase {
    code: "net/bad-proxy",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "a proxy is written as http://host:port, https://host:port or socks5://host:port",
    remedy: &["set {variable}=http://<proxy>:<port>, or unset it"],
};

pub(super) static BAD_HEADER: Phrase = Phrase {
    code: "net/bad-header",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it holds a line break or another control character; nothing was sent",
    remedy: &[
        "give the flag, field or variable behind it, such as `--if-match` or `--solution`, its value without line breaks",
    ],
};

pub(super) static UNWRITABLE: Phrase = Phrase {
    code: "net/unwritable",
    exit: Exit::Bug,
    who: Who::You,
    meaning: "this should never happen: an address or a header holds what HTTP can't carry",
    remedy: &["run again with `-vv` and report what it shows"],
};

pub(super) static NO_ANSWER: Phrase = Phrase {
    code: "net/no-answer",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the other side did not answer",
    remedy: &["run `d365conn doctor` to see which link is broken"],
};

pub(super) static ASKS_TO_WAIT: Phrase = Phrase {
    code: "net/asks-to-wait",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the service is down or restarting, and says when it will be back; it has nothing against this user",
    remedy: &["wait {wait} and run the command again, or let it wait by itself with `--max-wait {longer_wait}`"],
};

pub(super) static THROTTLED: Phrase = Phrase {
    code: "net/throttled",
    exit: Exit::Busy,
    who: Who::You,
    meaning: "the service has had enough of this user for now; its window is five minutes",
    remedy: &[
        "wait {wait} and run the command again, or let it wait by itself with `--max-wait {longer_wait}`",
        "run fewer commands of this user at the same time",
    ],
};
