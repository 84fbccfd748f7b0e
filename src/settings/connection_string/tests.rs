//! Connection strings as they are found in the field, and as they should never be. Nothing here signs in.

use proptest::prelude::*;

use super::*;

const SAMPLE: &str = "51f81489-12ee-4a9e-aaae-a2591f45987d";
const APP: &str = "c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740";

/// What a string says in one line: address, app, secret, how, parts left aside; or the code of what is wrong.
fn check(text: &str) -> String {
    let read = match ConnectionString::parse(&Secret::new(text)) {
        Ok(read) => read,
        Err(problem) => return problem.phrase().code.to_owned(),
    };
    let how = match &read.method {
        Method::ClientSecret => "secret".to_owned(),
        Method::Certificate => "certificate".to_owned(),
        Method::Browser { redirect_uri, user_name, prompt } => {
            let told = |what: &Option<String>| what.clone().unwrap_or_else(|| "-".to_owned());
            format!("{prompt:?} {} {}", told(user_name), told(redirect_uri))
        }
    };
    let app = read.client_id.as_deref().map_or("-", |id| if id == SAMPLE { "sample" } else { "own" });
    let secret = read.client_secret.map_or_else(|| "-".to_owned(), |secret| secret.expose().to_owned());
    let aside = if read.left_aside.is_empty() { String::new() } else { format!(" ({})", read.left_aside.join(", ")) };
    format!("{} {app} {secret} {how}{aside}", read.tenant_url.url.organisation())
}

#[test]
fn strings_of_users_are_read() {
    for (text, expected) in [
        ("AuthType=OAuth;Url=https://contoso.crm4.dynamics.com", "contoso - - Auto - -"),
        ("AuthType=OAuth;Url=https://contoso.crm4.dynamics.com;", "contoso - - Auto - -"),
        ("Url=contoso.crm4.dynamics.com;AuthType=oauth", "contoso - - Auto - -"),
        ("authtype=OAUTH;SERVER=https://contoso.crm.dynamics.com/", "contoso - - Auto - -"),
        ("AuthenticationType=OAuth;ServiceUri=https://contoso.crm.dynamics.com", "contoso - - Auto - -"),
        ("AuthType = OAuth ; Service Uri = https://contoso.crm.dynamics.com ", "contoso - - Auto - -"),
        ("AuthType=OAuth;service uri=https://contoso.crm.dynamics.com/main.aspx?appid=1", "contoso - - Auto - -"),
        (
            "AuthType=OAuth;Url=https://contoso.api.crm.dynamics.com/XRMServices/2011/Organization.svc",
            "contoso - - Auto - -",
        ),
        ("AuthType=OAuth;Url=\"https://contoso.crm.dynamics.com\"", "contoso - - Auto - -"),
        ("AuthType='OAuth';Url='https://contoso.crm.dynamics.com'", "contoso - - Auto - -"),
        ("\u{feff}AuthType=OAuth;Url=https://contoso.crm.dynamics.com", "contoso - - Auto - -"),
        ("\r\n  AuthType=OAuth;\r\n  Url=https://contoso.crm.dynamics.com;\r\n", "contoso - - Auto - -"),
        (";;AuthType=OAuth;;;Url=https://contoso.crm.dynamics.com;; ;", "contoso - - Auto - -"),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;Username=;Password=;", "contoso - - Auto - -"),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;Username=ada@contoso.com",
            "contoso - - Auto ada@contoso.com -",
        ),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;User Name=ada@contoso.com",
            "contoso - - Auto ada@contoso.com -",
        ),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;UserId=ada@contoso.com",
            "contoso - - Auto ada@contoso.com -",
        ),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;User Id='a;b=c@contoso.com'",
            "contoso - - Auto a;b=c@contoso.com -",
        ),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;Username=\"a\"\"b\"", "contoso - - Auto a\"b -"),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;Username='O''Neil'", "contoso - - Auto O'Neil -"),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;Username=O'Neil", "contoso - - Auto O'Neil -"),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;Username=a=b", "contoso - - Auto a=b -"),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;LoginPrompt=Auto", "contoso - - Auto - -"),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;LoginPrompt=Never", "contoso - - Auto - -"),
        ("AuthType=OAuth;Url=https://contoso.crm.dynamics.com;LoginPrompt=ALWAYS", "contoso - - Always - -"),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;LoginPrompt=SelectAccount",
            "contoso - - SelectAccount - -",
        ),
        (
            "AuthType=OAuth;Username=a@contoso.com;Url=https://contoso.crm.dynamics.com;AppId=51f81489-12ee-4a9e-aaae-a2591f45987d;RedirectUri=app://58145B91-0C36-4500-8554-080854F2AC97;TokenCacheStorePath=c:\\MyTokenCache;LoginPrompt=Auto",
            "contoso sample - Auto a@contoso.com app://58145B91-0C36-4500-8554-080854F2AC97 (TokenCacheStorePath)",
        ),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;ClientId={C1A5E8D2-0B94-4E67-8F3A-5D2B9C6E1740};ReplyUrl=http://localhost",
            "contoso own - Auto - http://localhost",
        ),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;ApplicationId=c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740;Secret=s~",
            "contoso own s~ Auto - -",
        ),
        (
            "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;SkipDiscovery=true;RequireNewInstance=True;Integrated Security=true;Domain=CONTOSO;HomeRealmUri=https://sts",
            "contoso - - Auto - - (RequireNewInstance, SkipDiscovery, Integrated Security, HomeRealmUri, Domain)",
        ),
    ] {
        assert_eq!(check(text), expected, "{text}");
    }
}

#[test]
fn strings_of_applications_are_read() {
    let app = |more: &str| check(&format!("Url=https://contoso.crm4.dynamics.com;ClientId={APP};{more}"));
    assert_eq!(app("AuthType=ClientSecret;ClientSecret=abc~.-_"), "contoso own abc~.-_ secret");
    assert_eq!(app("AuthType=ClientSecret;Secret=a=b=="), "contoso own a=b== secret");
    assert_eq!(app("AuthType=ClientSecret;ClientSecret=\"a;b\"\"c\""), "contoso own a;b\"c secret");
    assert_eq!(app("AuthType=ClientSecret;ClientSecret=' a '"), "contoso own  a  secret");
    assert_eq!(app("AuthType=ClientSecret;ClientSecret=a\"b"), "contoso own a\"b secret");
    assert_eq!(app("AuthType=Certificate;Thumbprint=0F4C"), "contoso own - certificate");
    assert_eq!(app("AuthType=Certificate;CertThumbprint=0F4C;StoreName=My"), "contoso own - certificate");
    assert_eq!(app("AuthType=Certificate;CertificateStoreName=My"), "settings/connection-string-incomplete");
    assert_eq!(app("AuthType=ClientSecret"), "settings/connection-string-incomplete");
    assert_eq!(app("AuthType=ClientSecret;ClientSecret="), "settings/connection-string-incomplete");
    assert_eq!(
        check("AuthType=ClientSecret;Url=https://contoso.crm4.dynamics.com;ClientSecret=s"),
        "settings/connection-string-incomplete"
    );
}

#[test]
fn passwords_and_sign_ins_that_are_gone_are_refused() {
    for text in [
        "AuthType=Office365;Url=https://contoso.crm.dynamics.com;Username=a@contoso.com;Password=hunter2",
        "AuthType=Office365;Url=https://contoso.crm.dynamics.com",
        "AuthType=OAuth;Url=https://contoso.crm.dynamics.com;Username=a;Password=hunter2",
        "AuthType=AD;Url=https://contoso:8080/Test;",
        "AuthType=IFD;Url=https://contoso.example/;HomeRealmUri=https://sts;Domain=CONTOSO;Username=a;Password=hunter2",
        "Url=https://contoso.crm.dynamics.com;Username=a;Password=hunter2",
        "AuthType=Claims;Url=https://contoso.crm.dynamics.com",
        "AuthType=ClientSecret;Password=hunter2",
    ] {
        assert_eq!(check(text), "settings/connection-string-password", "{text}");
    }
}

#[test]
fn what_is_no_connection_string_is_told_apart() {
    let url = "Url=https://contoso.crm.dynamics.com";
    for (text, code) in [
        (String::new(), "empty"),
        ("\u{feff} \r\n;; ".to_owned(), "empty"),
        ("hunter2".to_owned(), "unreadable"),
        (format!("AuthType=OAuth;hunter2;{url}"), "unreadable"),
        (format!("\"AuthType=OAuth;{url}\""), "unreadable"),
        (format!("AuthType=OAuth;{url};Username=\"open"), "unreadable"),
        (format!("AuthType=OAuth;{url};Username=\"a\"b"), "unreadable"),
        (format!("AuthType=OAuth;{url};ClientSecret==abc"), "unreadable"),
        (format!("AuthType=OAuth\n{url}"), "unreadable"),
        (format!("AuthType=OAuth;{url};Username=\"a\tb\""), "unreadable"),
        (format!("AuthType=OAuth;{url};=x"), "unknown-part"),
        (format!("AuthType=OAuth;{url};Passwort=hunter2"), "unknown-part"),
        (format!("<add connectionString=\"AuthType=OAuth;{url}\"/>"), "unreadable"),
        (format!("AuthType=OAuth;{url};{url}"), "twice"),
        (format!("AuthType=OAuth;{url};Server=https://fabrikam.crm.dynamics.com"), "twice"),
        (format!("AuthType=OAuth;{url};Password=;password=x"), "twice"),
        (url.to_owned(), "incomplete"),
        (format!("AuthType=;{url}"), "incomplete"),
        ("AuthType=OAuth".to_owned(), "incomplete"),
        ("AuthType=OAuth;Url=".to_owned(), "incomplete"),
        (format!("AuthType=Kerberos;{url}"), "auth-type"),
        (format!("AuthType=OAuth;{url};LoginPrompt=Maybe"), "login-prompt"),
    ] {
        assert_eq!(check(&text), format!("settings/connection-string-{code}"), "{text}");
    }
    assert_eq!(check(&format!("AuthType=OAuth;{url};ClientId=my app")), "connection/invalid-client-id");
    assert!(check("AuthType=OAuth;Url=http://contoso.crm.dynamics.com").starts_with("tenant/"));
    assert!(check("AuthType=OAuth;Url=https://contoso.example").starts_with("tenant/"));
}

#[test]
fn nothing_of_a_string_is_repeated() {
    let url = "Url=https://contoso.crm.dynamics.com";
    for text in [
        format!("AuthType=OAuth;{url};Password=abc;hunter2"),
        format!("AuthType=OAuth;{url};Password=abc;hunter2=def"),
        format!("AuthType=ClientSecret;{url};ClientSecret=hunter2;ClientId=hunter2"),
        format!("AuthType=hunter2;{url}"),
        format!("AuthType=OAuth;{url};LoginPrompt=hunter2"),
        format!("AuthType=OAuth;{url};Username=\"hunter2\"x"),
        format!("AuthType=OAuth;{url};Password=hunter2"),
    ] {
        let problem = ConnectionString::parse(&Secret::new(text.as_str())).unwrap_err();
        let said = format!("{problem} {problem:?} {:?}", problem.diagnosis().facts());
        assert!(!said.contains("hunter2"), "{said}");
    }
    let read = ConnectionString::parse(&Secret::new(format!(
        "AuthType=ClientSecret;{url};ClientId={APP};ClientSecret=hunter2"
    )));
    assert!(!format!("{:?}", read.unwrap()).contains("hunter2"));
}

proptest! {
    #[test]
    fn a_value_in_quotation_marks_is_taken_as_it_is(value in "[ -~é]{1,30}", mark in "[\"']") {
        let quoted = value.replace(&mark, &mark.repeat(2));
        let text = format!("AuthType=ClientSecret;Url=contoso.crm.dynamics.com;AppId={APP};Secret={mark}{quoted}{mark}");
        let read = ConnectionString::parse(&Secret::new(text)).unwrap();
        let secret = read.client_secret.unwrap();
        prop_assert_eq!(secret.expose(), value);
    }

    #[test]
    fn nothing_makes_the_reader_stumble(text in "([a-zA-Z ]{0,9}|AuthType|Url|Password|=|;|\"|'|\\PC|[\r\n\t]){0,24}") {
        let _ = ConnectionString::parse(&Secret::new(text));
    }
}
