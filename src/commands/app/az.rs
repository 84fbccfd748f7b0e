//! The same registration as lines for a POSIX shell with the Azure CLI. Nothing is run here.

use crate::commands::app::guide::{Guide, Kind};

/// Every line, in order. A secret goes from one program to the next and never onto the screen.
pub(super) fn lines(guide: &Guide) -> Vec<String> {
    let cloud = match guide.cloud.name {
        "gcc-high" | "dod" => "AzureUSGovernment",
        "china" => "AzureChinaCloud",
        _ => "AzureCloud",
    };
    let tenant = guide.tenant.as_ref().map_or_else(String::new, |tenant| format!(" --tenant {tenant}"));
    let redirect = match &guide.kind {
        Kind::Desktop(uri) => format!(" --public-client-redirect-uris {}", uri.to_register()),
        Kind::Web(uri) => format!(" --web-redirect-uris {}", uri.to_register()),
        Kind::Daemon => String::new(),
    };
    let mut lines = vec![
        format!("az cloud set --name {cloud}"),
        format!("az login --allow-no-subscriptions{tenant}"),
        format!(
            "APP_ID=$(az ad app create --display-name {}{redirect} --sign-in-audience AzureADMyOrg --query appId --output tsv)",
            quoted(&guide.name)
        ),
    ];
    for permission in guide.kind.permissions() {
        lines.push(format!(
            "az ad app permission add --id \"$APP_ID\" --api {} --api-permissions {}=Scope",
            permission.api_id, permission.id
        ));
    }
    lines.push("az ad sp create --id \"$APP_ID\"".to_owned());
    let secret = format!(
        "az ad app credential reset --id \"$APP_ID\" --append --display-name {} --query password --output tsv",
        quoted(&guide.name)
    );
    match guide.kind {
        Kind::Desktop(_) => lines.push(guide.connect("\"$APP_ID\"")),
        Kind::Web(_) => {
            let connect = guide.connect("\"$APP_ID\"").replace("--client-secret-prompt", "--client-secret-stdin");
            lines.push(format!("{secret} | {connect}"));
        }
        Kind::Daemon => lines.extend([
            format!("export D365CONN_TENANT_URL={}", guide.address),
            "export D365CONN_CLIENT_ID=\"$APP_ID\"".to_owned(),
            format!("export D365CONN_CLIENT_SECRET=\"$({secret})\""),
            guide.connect("\"$APP_ID\""),
        ]),
    }
    lines
}

/// A word for the shell: in apostrophes unless it needs none.
fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
