//! `app setup`: what it prints can be pasted, is right for every cloud, and needs no network.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::World;

/// The commands of the Azure CLI that are printed, and the flags that they take (`az … --help`, version 2.91).
const AZ: [(&str, &[&str]); 6] = [
    ("az cloud set", &["--name"]),
    ("az login", &["--allow-no-subscriptions", "--tenant"]),
    (
        "az ad app create",
        &[
            "--display-name",
            "--public-client-redirect-uris",
            "--web-redirect-uris",
            "--sign-in-audience",
            "--query",
            "--output",
        ],
    ),
    ("az ad app permission add", &["--id", "--api", "--api-permissions"]),
    ("az ad sp create", &["--id"]),
    ("az ad app credential reset", &["--id", "--append", "--display-name", "--query", "--output"]),
];

/// The guide as an object. Whatever is asked, nobody is asked.
fn guide(flags: &str) -> Value {
    let world = World::new().without_terminal();
    let text = world.run(&format!("app setup {flags} -o json")).succeeds();
    assert!(world.sandbox.requests().is_empty());
    serde_json::from_str(&text).unwrap()
}

fn page(flags: &str) -> String {
    World::new().without_terminal().run(&format!("app setup {flags}")).succeeds()
}

fn lines(guide: &Value, key: &str) -> Vec<String> {
    guide[key].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// The simple commands in a line for the shell: what stands in `$(…)`, and what stands between pipes.
fn commands(line: &str) -> Vec<Vec<String>> {
    let inner = line.split_once("$(").map_or(line, |(_, rest)| rest.rsplit_once(')').unwrap().0);
    inner.split(" | ").map(|part| shell_words::split(part).unwrap()).collect()
}

/// Every line can be typed: a shell reads it, az knows its flags, and our own parser takes ours.
#[track_caller]
fn can_be_typed(line: &str) {
    shell_words::split(line).unwrap();
    for words in commands(line) {
        match words[0].as_str() {
            "az" => {
                let typed = words.join(" ");
                let known = AZ.iter().filter(|(command, _)| typed.starts_with(command));
                let (_, flags) = known.max_by_key(|(command, _)| command.len()).unwrap();
                let given: Vec<&String> = words.iter().filter(|word| word.starts_with("--")).collect();
                assert!(given.iter().all(|flag| flags.contains(&flag.as_str())), "{typed}");
                assert_eq!(given.len(), given.iter().collect::<BTreeSet<_>>().len(), "{typed}");
            }
            "d365conn" => {
                let parsed = d365conn::cli::command().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
            "export" => assert!(words[1].contains('='), "{line}"),
            other => panic!("{other}: {line}"),
        }
    }
}

const KINDS: [&str; 6] = [
    "",
    "--secret",
    "--client-credentials",
    "--redirect-uri http://localhost:8400/callback",
    "--secret --redirect-uri http://127.0.0.1:8400",
    "--name 'Ann’s tools & more'",
];

#[test]
fn every_line_can_be_typed_for_every_kind_of_app_in_every_cloud() {
    for cloud in ["commercial", "gcc", "gcc-high", "dod", "china"] {
        for kind in KINDS {
            let guide = guide(&format!("--cloud {cloud} {kind}"));
            let az = lines(&guide, "az");
            assert!(az.len() >= 6, "{az:?}");
            for line in &az {
                can_be_typed(line);
            }
            can_be_typed(guide["connect"].as_str().unwrap());
            if let Some(line) = guide["admin_consent"].as_str() {
                can_be_typed(line);
            }
        }
    }
}

#[test]
fn each_cloud_has_its_own_hosts() {
    for (cloud, login, portal, az, admin) in [
        (
            "commercial",
            "login.microsoftonline.com",
            "entra.microsoft.com",
            "AzureCloud",
            "admin.powerplatform.microsoft.com",
        ),
        (
            "gcc",
            "login.microsoftonline.com",
            "entra.microsoft.com",
            "AzureCloud",
            "gcc.admin.powerplatform.microsoft.us",
        ),
        (
            "gcc-high",
            "login.microsoftonline.us",
            "portal.azure.us",
            "AzureUSGovernment",
            "high.admin.powerplatform.microsoft.us",
        ),
        ("dod", "login.microsoftonline.us", "portal.azure.us", "AzureUSGovernment", "admin.appsplatform.us"),
        (
            "china",
            "login.partner.microsoftonline.cn",
            "portal.azure.cn",
            "AzureChinaCloud",
            "admin.powerplatform.partner.microsoftonline.cn",
        ),
    ] {
        let person = guide(&format!("--cloud {cloud}"));
        let consent = person["admin_consent_url"].as_str().unwrap();
        assert!(consent.starts_with(&format!("https://{login}/TENANT_ID/v2.0/adminconsent?")), "{cloud}: {consent}");
        assert_eq!(person["portal_url"], format!("https://{portal}"), "{cloud}");
        assert_eq!(lines(&person, "az")[0], format!("az cloud set --name {az}"), "{cloud}");
        assert_eq!(person["cloud"], cloud);
        let daemon = guide(&format!("--cloud {cloud} --client-credentials"));
        let first = &lines(&daemon, "application_user_steps")[0];
        assert!(first.starts_with(&format!("https://{admin} → ")), "{cloud}: {first}");
    }
}

#[test]
fn a_person_s_app_gets_its_redirect_uri_under_the_platform_that_fits_its_secret() {
    for (flags, platform, flag) in [
        ("", "Mobile and desktop applications", "--public-client-redirect-uris http://localhost "),
        ("--secret", "Web", "--web-redirect-uris http://localhost "),
    ] {
        let guide = guide(&format!("--tenant-url https://contoso.crm4.dynamics.com {flags}"));
        assert_eq!((&guide["platform"], &guide["redirect_uri"]), (&platform.into(), &"http://localhost".into()));
        let create = lines(&guide, "az").into_iter().find(|line| line.contains("app create")).unwrap();
        assert!(create.contains(flag), "{create}");
        let steps = lines(&guide, "portal_steps").join("\n");
        assert!(steps.contains(&format!("Add a platform → {platform} → ")), "{steps}");
        let ids: Vec<&str> =
            guide["permissions"].as_array().unwrap().iter().map(|it| it["permission_id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["78ce3f0f-a1ce-49c2-8cde-64b5c0896db4", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"]);
    }
}

#[test]
fn the_redirect_uri_is_the_one_that_connect_sends() {
    let world = World::new();
    let app = d365conn::sandbox::OWN_WEB_APP;
    for uri in ["http://localhost", "http://localhost:8400/callback"] {
        let guide = guide(&format!("--secret --redirect-uri {uri}"));
        let registered = app.redirect_uris.iter().any(|(registered, _)| guide["redirect_uri"] == *registered);
        assert!(registered, "{guide}");
        let line = guide["connect"].as_str().unwrap();
        assert_eq!(line.contains("--redirect-uri"), uri != "http://localhost", "{line}");
    }
    // What it says for the default is what the sandbox, which compares as Entra does, lets in.
    world
        .run_with_stdin(
            &format!("connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin", app.client_id),
            app.secret.unwrap(),
        )
        .succeeds();
}

#[test]
fn a_secret_goes_from_az_to_us_without_being_shown_or_named_on_a_command_line() {
    let web = lines(&guide("--secret"), "az").pop().unwrap();
    assert!(web.starts_with("az ad app credential reset ") && web.contains(" | d365conn connect "), "{web}");
    assert!(web.ends_with(" --client-secret-stdin"), "{web}");
    let daemon = lines(&guide("--client-credentials"), "az");
    assert!(daemon.iter().any(|line| line.starts_with("export D365CONN_CLIENT_SECRET=\"$(az ad app")), "{daemon:?}");
    assert!(lines(&guide(""), "az").iter().all(|line| !line.contains("credential")));
}

#[test]
fn an_app_that_signs_in_by_itself_needs_a_user_in_the_organisation_and_no_permission() {
    let daemon = guide("--tenant-url https://contoso.crm4.dynamics.com --client-credentials");
    assert_eq!(daemon["permissions"], serde_json::json!([]));
    assert!(daemon["admin_consent_url"].is_null() && daemon["redirect_uri"].is_null());
    let steps = lines(&daemon, "application_user_steps").join("\n");
    for part in ["https://contoso.crm4.dynamics.com", "Application users → New app user", "Security roles"] {
        assert!(steps.contains(part), "{part}: {steps}");
    }
}

#[test]
fn the_tenant_is_filled_in_where_it_is_known() {
    let guide = guide("--tenant contoso.onmicrosoft.com --tenant-url https://contoso.crm4.dynamics.com");
    let consent = guide["admin_consent_url"].as_str().unwrap();
    assert!(consent.contains("/contoso.onmicrosoft.com/v2.0/adminconsent?"), "{consent}");
    let query = url::Url::parse(consent).unwrap();
    let scope = query.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert_eq!(
        scope,
        "https://contoso.crm4.dynamics.com/user_impersonation https://graph.microsoft.com/User.Read openid profile offline_access"
    );
    assert!(lines(&guide, "az")[1].ends_with(" --tenant contoso.onmicrosoft.com"));
}

#[test]
fn people_get_a_page_with_every_fact_of_the_object() {
    for kind in KINDS {
        let (page, guide) = (page(kind), guide(kind));
        for line in lines(&guide, "az").iter().chain(&lines(&guide, "portal_steps")) {
            assert!(page.contains(line.as_str()), "{kind}: {line}\n{page}");
        }
        for key in ["redirect_uri", "admin_consent_url", "admin_consent", "connect"] {
            assert!(guide[key].as_str().is_none_or(|fact| page.contains(fact)), "{kind}: {key}\n{page}");
        }
    }
}

#[test]
fn what_can_t_be_registered_is_refused() {
    let world = World::new();
    let said = world.run("app setup --tenant-url {org}").fails(2, "commands/no-apps-in-sandbox");
    assert!(said.contains(&world.sandbox.address()), "{said}");
    world.run("app setup --redirect-uri https://cloud.example/callback").fails(2, "auth/bad-redirect-uri");
    world.run("app setup --tenant nonsense").fails(2, "auth/bad-tenant");
    assert_eq!(world.run("app setup --secret --client-credentials").exit, 2);
    assert!(world.sandbox.requests().is_empty());
}
