//! The table of clouds: how their organisations' hosts end and whom they trust for sign-in. Nothing here is learnt from
//! the network: a host that is not in this table is never sent anything.

/// One cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Short name for people: `commercial`, `gcc`, `gcc-high`, `dod`, `china`, `sandbox`.
    pub name: &'static str,
    /// How the hosts of its organisations end, label by label. The label `crm*` stands for `crm` and up to three digits:
    /// Microsoft opens regions more often than programs are updated.
    pub ending: &'static str,
    /// Login hosts that may be trusted for organisations of this cloud; the first is the one to talk to. Empty for the
    /// sandbox, whose login is on its own origin.
    pub login_hosts: &'static [&'static str],
    /// Host of Microsoft Graph.
    pub graph_host: &'static str,
    /// Host of the Global Discovery Service.
    pub discovery_host: Option<&'static str>,
    /// Host of the portal where apps are registered.
    pub portal_host: &'static str,
}

/// Every cloud with real organisations.
///
/// Sources: Microsoft Learn, "Discover the URL for your organization", "Microsoft Entra authentication and national
/// clouds", "Microsoft Graph national cloud deployments"; the host aliases built into the MSAL libraries.
pub static CLOUDS: &[Cloud] = &[
    Cloud {
        name: "commercial",
        ending: "crm*.dynamics.com",
        login_hosts: &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
        graph_host: "graph.microsoft.com",
        discovery_host: Some("globaldisco.crm.dynamics.com"),
        portal_host: "entra.microsoft.com",
    },
    // GCC organisations live in the commercial Entra; only their region is set apart.
    Cloud {
        name: "gcc",
        ending: "crm9.dynamics.com",
        login_hosts: &[
            "login.microsoftonline.com",
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
            "login-us.microsoftonline.com",
        ],
        graph_host: "graph.microsoft.com",
        discovery_host: Some("globaldisco.crm9.dynamics.com"),
        portal_host: "entra.microsoft.com",
    },
    Cloud {
        name: "gcc-high",
        ending: "crm.microsoftdynamics.us",
        login_hosts: &["login.microsoftonline.us", "login.usgovcloudapi.net", "login-us.microsoftonline.com"],
        graph_host: "graph.microsoft.us",
        discovery_host: Some("globaldisco.crm.microsoftdynamics.us"),
        portal_host: "portal.azure.us",
    },
    Cloud {
        name: "dod",
        ending: "crm.appsplatform.us",
        login_hosts: &["login.microsoftonline.us", "login.usgovcloudapi.net", "login-us.microsoftonline.com"],
        graph_host: "dod-graph.microsoft.us",
        discovery_host: Some("globaldisco.crm.appsplatform.us"),
        portal_host: "portal.azure.us",
    },
    Cloud {
        name: "china",
        ending: "crm.dynamics.cn",
        login_hosts: &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
        graph_host: "microsoftgraph.chinacloudapi.cn",
        discovery_host: Some("globaldisco.crm.dynamics.cn"),
        portal_host: "portal.azure.cn",
    },
];

/// The sandbox: login and Graph live on the organisation's own loopback origin.
pub static SANDBOX: Cloud =
    Cloud { name: "sandbox", ending: "", login_hosts: &[], graph_host: "", discovery_host: None, portal_host: "" };

impl Cloud {
    /// Cuts a host's labels where a cloud's ending begins: what stands before it, and the cloud. A row that spells the
    /// region out (`crm9`) goes before one that takes any number.
    pub(super) fn cut<'a, 'b>(labels: &'b [&'a str]) -> Option<(&'b [&'a str], &'static Self)> {
        CLOUDS
            .iter()
            .filter_map(|cloud| Some((before_ending(labels, cloud.ending)?, cloud)))
            .min_by_key(|(_, cloud)| cloud.ending.contains('*'))
    }

    /// The registered domain beneath the region: `dynamics.com`.
    pub(super) fn domain(&self) -> &'static str {
        self.ending.split_once('.').map_or(self.ending, |(_, domain)| domain)
    }
}

/// What stands before `ending` in `labels`, if they end in it. In `ending`, `crm*` stands for any region and `*` for any
/// one label.
pub(super) fn before_ending<'a, 'b>(labels: &'b [&'a str], ending: &str) -> Option<&'b [&'a str]> {
    let mut before = labels;
    for pattern in ending.rsplit('.') {
        let label;
        (label, before) = before.split_last()?;
        let is_same = match pattern {
            "crm*" => is_region(label),
            "*" => true,
            _ => pattern == *label,
        };
        if !is_same {
            return None;
        }
    }
    Some(before)
}

/// Whether `label` is `crm` and up to three digits.
pub(super) fn is_region(label: &str) -> bool {
    label
        .strip_prefix("crm")
        .is_some_and(|number| number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud_of(host: &str) -> Option<&'static str> {
        let labels: Vec<&str> = host.split('.').collect();
        Cloud::cut(&labels).map(|(_, cloud)| cloud.name)
    }

    #[test]
    fn the_region_spelled_out_goes_before_any_number() {
        assert_eq!(cloud_of("contoso.crm9.dynamics.com"), Some("gcc"));
        assert_eq!(cloud_of("contoso.crm90.dynamics.com"), Some("commercial"));
        assert_eq!(cloud_of("contoso.crm.dynamics.com"), Some("commercial"));
    }

    #[test]
    fn a_region_is_crm_and_at_most_three_digits() {
        for region in ["crm", "crm4", "crm22", "crm999"] {
            assert!(is_region(region), "{region}");
        }
        for other in ["", "cr", "crm1000", "crmx", "crm4x", "xcrm", "crm-4"] {
            assert!(!is_region(other), "{other}");
        }
    }

    #[test]
    fn every_cloud_is_complete_and_its_discovery_host_ends_like_its_organisations() {
        for cloud in CLOUDS {
            assert!(!cloud.login_hosts.is_empty(), "{}", cloud.name);
            assert!(!cloud.graph_host.is_empty(), "{}", cloud.name);
            assert!(!cloud.portal_host.is_empty(), "{}", cloud.name);
            assert_eq!(cloud.discovery_host.and_then(cloud_of), Some(cloud.name));
        }
    }

    #[test]
    fn no_login_host_is_trusted_by_a_sovereign_cloud_and_the_commercial_one_alike() {
        for cloud in CLOUDS.iter().filter(|cloud| !matches!(cloud.name, "commercial" | "gcc")) {
            for host in cloud.login_hosts {
                assert!(!CLOUDS[0].login_hosts.contains(host), "{}: {host}", cloud.name);
            }
        }
    }
}
