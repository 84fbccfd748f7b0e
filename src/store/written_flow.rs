//! How a connection's way of signing in stands in `connections.toml`: one word, and a line for each particular that the
//! word leaves open.

use serde::{Deserialize, Serialize};

use crate::connection::{AssertionSource, Flow, ManagedIdentity};

/// The word of `auth`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FlowWord {
    Browser,
    Device,
    Secret,
    Certificate,
    Federated,
    ManagedIdentity,
    Az,
    AccessToken,
    RefreshToken,
}

/// What the word leaves open; each line stands only where it says something.
#[derive(Default)]
pub(super) struct Particulars {
    pub(super) certificate_file: Option<String>,
    pub(super) assertions_of: Option<SourceWord>,
    pub(super) federated_token_file: Option<String>,
    pub(super) identity_client_id: Option<String>,
    pub(super) identity_object_id: Option<String>,
    pub(super) identity_resource_id: Option<String>,
}

/// Whose assertions are shown, where they are not in a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SourceWord {
    Github,
    AzurePipelines,
}

impl Particulars {
    /// How `flow` is written.
    pub(super) fn of(flow: &Flow) -> (FlowWord, Self) {
        let nothing = Self::default();
        match flow.clone() {
            Flow::Browser => (FlowWord::Browser, nothing),
            Flow::Device => (FlowWord::Device, nothing),
            Flow::Secret => (FlowWord::Secret, nothing),
            Flow::Certificate { file } => (FlowWord::Certificate, Self { certificate_file: Some(file), ..nothing }),
            Flow::Federated { source } => (
                FlowWord::Federated,
                match source {
                    AssertionSource::Github => Self { assertions_of: Some(SourceWord::Github), ..nothing },
                    AssertionSource::AzurePipelines => {
                        Self { assertions_of: Some(SourceWord::AzurePipelines), ..nothing }
                    }
                    AssertionSource::File(file) => Self { federated_token_file: Some(file), ..nothing },
                },
            ),
            Flow::ManagedIdentity { identity } => (
                FlowWord::ManagedIdentity,
                match identity {
                    ManagedIdentity::System => nothing,
                    ManagedIdentity::ClientId(id) => Self { identity_client_id: Some(id), ..nothing },
                    ManagedIdentity::ObjectId(id) => Self { identity_object_id: Some(id), ..nothing },
                    ManagedIdentity::ResourceId(id) => Self { identity_resource_id: Some(id), ..nothing },
                },
            ),
            Flow::Az => (FlowWord::Az, nothing),
            Flow::AccessToken => (FlowWord::AccessToken, nothing),
            Flow::RefreshToken => (FlowWord::RefreshToken, nothing),
        }
    }

    /// The flow that is written so; why it is none.
    pub(super) fn into_flow(self, word: &FlowWord) -> Result<Flow, String> {
        Ok(match word {
            FlowWord::Browser => Flow::Browser,
            FlowWord::Device => Flow::Device,
            FlowWord::Secret => Flow::Secret,
            FlowWord::Certificate => {
                let file =
                    self.certificate_file.ok_or("it signs in with a certificate and has no `certificate_file`")?;
                Flow::Certificate { file }
            }
            FlowWord::Federated => {
                let source = match (self.assertions_of, self.federated_token_file) {
                    (None, Some(file)) => AssertionSource::File(file),
                    (Some(SourceWord::Github), None) => AssertionSource::Github,
                    (Some(SourceWord::AzurePipelines), None) => AssertionSource::AzurePipelines,
                    _ => return Err("it needs either `assertions_of` or `federated_token_file`".to_owned()),
                };
                Flow::Federated { source }
            }
            FlowWord::ManagedIdentity => {
                let identity = match (self.identity_client_id, self.identity_object_id, self.identity_resource_id) {
                    (None, None, None) => ManagedIdentity::System,
                    (Some(id), None, None) => ManagedIdentity::ClientId(id),
                    (None, Some(id), None) => ManagedIdentity::ObjectId(id),
                    (None, None, Some(id)) => ManagedIdentity::ResourceId(id),
                    _ => return Err("it names its identity twice".to_owned()),
                };
                Flow::ManagedIdentity { identity }
            }
            FlowWord::Az => Flow::Az,
            FlowWord::AccessToken => Flow::AccessToken,
            FlowWord::RefreshToken => Flow::RefreshToken,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::connection::Connection;
    use crate::store::Connections;
    use crate::store::connections::tests::connection;
    use crate::store::written::{read, write};

    use super::*;

    fn every() -> Vec<Flow> {
        let text = || "it".to_owned();
        let identities = [
            ManagedIdentity::System,
            ManagedIdentity::ClientId(text()),
            ManagedIdentity::ObjectId(text()),
            ManagedIdentity::ResourceId("/subscriptions/s/resourceGroups/g".to_owned()),
        ];
        let sources =
            [AssertionSource::Github, AssertionSource::AzurePipelines, AssertionSource::File("/var/run/t".to_owned())];
        let plain = [
            Flow::Browser,
            Flow::Device,
            Flow::Secret,
            Flow::AccessToken,
            Flow::Az,
            Flow::Certificate { file: "/etc/a.pem".to_owned() },
        ];
        plain
            .into_iter()
            .chain(identities.map(|identity| Flow::ManagedIdentity { identity }))
            .chain(sources.map(|source| Flow::Federated { source }))
            .collect()
    }

    fn written(flow: Flow) -> (Connections, String) {
        let mut connections = Connections::none();
        connections.put(Connection { flow, ..connection("one") });
        let text = write(&connections).unwrap();
        (connections, text)
    }

    #[test]
    fn every_way_of_signing_in_is_read_as_it_was_written() {
        for flow in every() {
            let (connections, text) = written(flow.clone());
            assert_eq!(read(&text), Ok(connections), "{text}");
            assert!(text.contains(&format!("auth = \"{}\"", flow.word())), "{text}");
        }
    }

    #[test]
    fn a_list_that_an_older_release_can_read_is_written_for_it() {
        for flow in every() {
            let is_old = matches!(flow, Flow::Browser | Flow::Secret | Flow::AccessToken);
            let (_, text) = written(flow);
            assert!(text.contains(if is_old { "version = 1\n" } else { "version = 2\n" }), "{text}");
        }
    }

    #[test]
    fn a_way_that_lacks_its_particulars_or_has_too_many_is_damage() {
        for (flow, without, with) in [
            (Flow::Certificate { file: "/c".to_owned() }, "certificate_file = \"/c\"\n", ""),
            (Flow::Federated { source: AssertionSource::Github }, "assertions_of = \"github\"\n", ""),
            (
                Flow::Federated { source: AssertionSource::Github },
                "assertions_of = \"github\"\n",
                "assertions_of = \"github\"\nfederated_token_file = \"/t\"\n",
            ),
            (
                Flow::ManagedIdentity { identity: ManagedIdentity::ClientId("a".to_owned()) },
                "identity_client_id = \"a\"\n",
                "identity_client_id = \"a\"\nidentity_object_id = \"b\"\n",
            ),
        ] {
            let (_, text) = written(flow);
            assert!(text.contains(without), "{text}");
            assert!(read(&text.replace(without, with)).is_err(), "{text}");
        }
    }
}
