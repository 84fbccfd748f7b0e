//! What the service has under a name and the sandbox has not: such a request is answered 501 and not 404, which would say that
//! there is no such thing. Names that nobody knows are no part of it.

use crate::sandbox::dataverse::refusal::Refusal;

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// Entity sets that come with every organisation.
const SETS: [&str; 48] = [
    "GlobalOptionSetDefinitions",
    "RelationshipDefinitions",
    "activitypointers",
    "appmodules",
    "asyncoperations",
    "attachments",
    "audits",
    "backgroundoperations",
    "bulkdeletefailures",
    "bulkdeleteoperations",
    "campaignactivities",
    "campaignresponses",
    "competitors",
    "connectionroles",
    "connections",
    "contracts",
    "customeraddresses",
    "duplicaterecords",
    "duplicaterules",
    "entitlements",
    "environmentvariabledefinitions",
    "environmentvariablevalues",
    "faxes",
    "fileattachments",
    "importfiles",
    "importmaps",
    "imports",
    "kbarticles",
    "knowledgearticles",
    "letters",
    "lists",
    "mailboxes",
    "pluginassemblies",
    "plugintracelogs",
    "plugintypes",
    "principalobjectaccessset",
    "publishers",
    "queueitems",
    "recurringappointmentmasters",
    "sdkmessagefilters",
    "sdkmessageprocessingsteps",
    "sdkmessages",
    "serviceendpoints",
    "solutions",
    "subjects",
    "systemforms",
    "territories",
    "webresourceset",
];
/// Actions and functions that come with every organisation.
const OPERATIONS: [&str; 31] = [
    "AddPrivilegesRole",
    "AddToQueue",
    "BulkDelete",
    "CalculatePrice",
    "ExportSolution",
    "GrantAccess",
    "ImportRecordsImport",
    "ImportSolution",
    "ImportSolutionAsync",
    "InitializeFrom",
    "ModifyAccess",
    "ParseImport",
    "PublishAllXml",
    "PublishXml",
    "RetrieveAadUserRoles",
    "RetrieveAttributeChangeHistory",
    "RetrieveAuditDetails",
    "RetrieveDuplicates",
    "RetrieveMetadataChanges",
    "RetrievePrincipalAccess",
    "RetrieveProvisionedLanguages",
    "RetrieveRecordChangeHistory",
    "RetrieveSharedPrincipalsAndAccess",
    "RetrieveTimestamp",
    "RevokeAccess",
    "SendEmail",
    "StageSolution",
    "TransformImport",
    "searchautocomplete",
    "searchstatistics",
    "searchsuggest",
];

/// Nothing here has this name: 501 where the service would know it, else 404.
pub(super) fn no_such(name: &str) -> Refusal {
    let bare = name.strip_prefix(NAMESPACE).unwrap_or(name);
    if SETS.contains(&name) {
        return Refusal::not_built(&format!("the entity set '{name}'"));
    }
    if OPERATIONS.contains(&bare) {
        return Refusal::not_built(&format!("the operation '{bare}'"));
    }
    Refusal::unknown_segment(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::data::Schema;
    use crate::sandbox::dataverse::actions;
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn what_is_absent_is_nowhere_else() {
        assert!(SETS.is_sorted() && OPERATIONS.is_sorted());
        for name in SETS {
            assert!(Schema::of_sandbox().by_set(name).is_none(), "{name}");
        }
        for name in OPERATIONS {
            assert!(!actions::OPERATIONS.iter().any(|operation| operation.name == name), "{name}");
        }
    }

    #[test]
    fn what_the_service_has_and_the_sandbox_has_not_is_501_by_its_name() {
        let mut trial = Trial::new();
        let account = format!("accounts({})", trial.find("accounts", "accountnumber eq 'NL-0007'"));
        for (method, address, named) in [
            ("GET", "audits?$top=1".to_owned(), "'audits'"),
            ("GET", "GlobalOptionSetDefinitions".to_owned(), "'GlobalOptionSetDefinitions'"),
            ("POST", "GrantAccess".to_owned(), "'GrantAccess'"),
            ("GET", "RetrieveMetadataChanges(Query=@p)?@p={}".to_owned(), "'RetrieveMetadataChanges'"),
            ("GET", format!("{account}/Microsoft.Dynamics.CRM.RetrieveRecordChangeHistory()"), "ChangeHistory'"),
        ] {
            let (status, code, message) = trial.refused(method, &address);
            assert_eq!((status, code.as_str()), (501, "0x80040219"), "{address}: {message}");
            assert!(message.contains(named), "{message}");
        }
        for unknown in ["Accounts", "frobnicate", "Frobnicate(A=1)"] {
            assert_eq!(trial.refused("GET", unknown).0, 404, "{unknown}");
        }
    }
}
