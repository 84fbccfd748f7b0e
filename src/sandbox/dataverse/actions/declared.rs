//! Which actions and functions there are, what they take and what they give. What they do is done elsewhere.
//!
//! Names and parameters: Microsoft Learn, "Web API action reference" and "Web API function reference". What begins with
//! `nl_` is the demo company's own.

/// An action or a function.
pub(in crate::sandbox::dataverse) struct Operation {
    /// Its name, without the namespace.
    pub name: &'static str,
    /// Whether it only reads: it is asked for with GET.
    pub is_function: bool,
    /// The table it is bound to: a record of it, or, when `is_set`, the whole of it.
    pub bound: Option<&'static str>,
    /// Whether it is bound to the set instead of a record.
    pub is_set: bool,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// The type of what it gives: one of [`RESULTS`], or a collection.
    pub result: Option<&'static str>,
}

/// A parameter.
pub(in crate::sandbox::dataverse) struct Parameter {
    /// Its name; case counts.
    pub name: &'static str,
    /// Its type: `Edm.String`, `mscrm.lead`, `Collection(Edm.String)`.
    pub kind: &'static str,
    /// Whether it may be left out.
    pub is_optional: bool,
}

const fn needed(name: &'static str, kind: &'static str) -> Parameter {
    Parameter { name, kind, is_optional: false }
}

const fn optional(name: &'static str, kind: &'static str) -> Parameter {
    Parameter { name, kind, is_optional: true }
}

const fn action(name: &'static str, parameters: &'static [Parameter], result: Option<&'static str>) -> Operation {
    Operation { name, is_function: false, bound: None, is_set: false, parameters, result }
}

const fn function(name: &'static str, parameters: &'static [Parameter], result: &'static str) -> Operation {
    Operation { name, is_function: true, bound: None, is_set: false, parameters, result: Some(result) }
}

impl Operation {
    const fn on(self, table: &'static str) -> Self {
        Self { bound: Some(table), ..self }
    }

    const fn on_set(self, table: &'static str) -> Self {
        Self { bound: Some(table), is_set: true, ..self }
    }
}

/// Every action and function.
pub(in crate::sandbox::dataverse) const OPERATIONS: &[Operation] = &[
    action("AddMembersTeam", &[needed("Members", "Collection(mscrm.systemuser)")], None).on("team"),
    action("CancelSalesOrder", &[needed("OrderClose", "mscrm.orderclose"), needed("Status", "Edm.Int32")], None),
    action(
        "CloseIncident",
        &[needed("IncidentResolution", "mscrm.incidentresolution"), needed("Status", "Edm.Int32")],
        None,
    ),
    action("CloseQuote", &[needed("QuoteClose", "mscrm.quoteclose"), needed("Status", "Edm.Int32")], None),
    action("FulfillSalesOrder", &[needed("OrderClose", "mscrm.orderclose"), needed("Status", "Edm.Int32")], None),
    action(
        "CommitAnnotationBlocksUpload",
        &[
            needed("Target", "mscrm.annotation"),
            needed("BlockList", "Collection(Edm.String)"),
            needed("FileContinuationToken", "Edm.String"),
        ],
        Some("mscrm.CommitAnnotationBlocksUploadResponse"),
    ),
    action(
        "CommitAttachmentBlocksUpload",
        &[
            needed("Target", "mscrm.activitymimeattachment"),
            needed("BlockList", "Collection(Edm.String)"),
            needed("FileContinuationToken", "Edm.String"),
        ],
        Some("mscrm.CommitAttachmentBlocksUploadResponse"),
    ),
    action(
        "CommitFileBlocksUpload",
        &[
            needed("FileName", "Edm.String"),
            needed("MimeType", "Edm.String"),
            needed("BlockList", "Collection(Edm.String)"),
            needed("FileContinuationToken", "Edm.String"),
        ],
        Some("mscrm.CommitFileBlocksUploadResponse"),
    ),
    action("DeleteFile", &[needed("FileId", "Edm.Guid")], None),
    action(
        "DownloadBlock",
        &[
            needed("Offset", "Edm.Int64"),
            needed("BlockLength", "Edm.Int64"),
            needed("FileContinuationToken", "Edm.String"),
        ],
        Some("mscrm.DownloadBlockResponse"),
    ),
    action(
        "InitializeAnnotationBlocksDownload",
        &[needed("Target", "mscrm.annotation")],
        Some("mscrm.InitializeAnnotationBlocksDownloadResponse"),
    ),
    action(
        "InitializeAnnotationBlocksUpload",
        &[needed("Target", "mscrm.annotation")],
        Some("mscrm.InitializeAnnotationBlocksUploadResponse"),
    ),
    action(
        "InitializeAttachmentBlocksDownload",
        &[needed("Target", "mscrm.activitymimeattachment")],
        Some("mscrm.InitializeAttachmentBlocksDownloadResponse"),
    ),
    action(
        "InitializeAttachmentBlocksUpload",
        &[needed("Target", "mscrm.activitymimeattachment")],
        Some("mscrm.InitializeAttachmentBlocksUploadResponse"),
    ),
    action(
        "InitializeFileBlocksDownload",
        &[needed("Target", "mscrm.crmbaseentity"), needed("FileAttributeName", "Edm.String")],
        Some("mscrm.InitializeFileBlocksDownloadResponse"),
    ),
    action(
        "InitializeFileBlocksUpload",
        &[
            needed("Target", "mscrm.crmbaseentity"),
            needed("FileAttributeName", "Edm.String"),
            needed("FileName", "Edm.String"),
        ],
        Some("mscrm.InitializeFileBlocksUploadResponse"),
    ),
    function(
        "LocalTimeFromUtcTime",
        &[needed("TimeZoneCode", "Edm.Int32"), needed("UtcTime", "Edm.DateTimeOffset")],
        "mscrm.LocalTimeFromUtcTimeResponse",
    ),
    action(
        "LoseOpportunity",
        &[needed("OpportunityClose", "mscrm.opportunityclose"), needed("Status", "Edm.Int32")],
        None,
    ),
    action(
        "Merge",
        &[
            needed("Target", "mscrm.crmbaseentity"),
            needed("Subordinate", "mscrm.crmbaseentity"),
            optional("UpdateContent", "mscrm.crmbaseentity"),
            needed("PerformParentingChecks", "Edm.Boolean"),
        ],
        None,
    ),
    action(
        "QualifyLead",
        &[
            needed("CreateAccount", "Edm.Boolean"),
            needed("CreateContact", "Edm.Boolean"),
            needed("CreateOpportunity", "Edm.Boolean"),
            optional("OpportunityCurrencyId", "mscrm.transactioncurrency"),
            optional("OpportunityCustomerId", "mscrm.crmbaseentity"),
            optional("SourceCampaignId", "mscrm.crmbaseentity"),
            needed("Status", "Edm.Int32"),
        ],
        Some("Collection(mscrm.crmbaseentity)"),
    )
    .on("lead"),
    action("RemoveMembersTeam", &[needed("Members", "Collection(mscrm.systemuser)")], None).on("team"),
    function(
        "RetrieveCurrentOrganization",
        &[needed("AccessType", "mscrm.EndpointAccessType")],
        "mscrm.RetrieveCurrentOrganizationResponse",
    ),
    function(
        "RetrieveTotalRecordCount",
        &[needed("EntityNames", "Collection(Edm.String)")],
        "mscrm.RetrieveTotalRecordCountResponse",
    ),
    function("RetrieveUserPrivileges", &[], "mscrm.RetrieveUserPrivilegesResponse").on("systemuser"),
    function("RetrieveVersion", &[], "mscrm.RetrieveVersionResponse"),
    action(
        "UploadBlock",
        &[
            needed("BlockId", "Edm.String"),
            needed("BlockData", "Edm.Binary"),
            needed("FileContinuationToken", "Edm.String"),
        ],
        None,
    ),
    function(
        "UtcTimeFromLocalTime",
        &[needed("LocalTime", "Edm.DateTimeOffset"), needed("TimeZoneCode", "Edm.Int32")],
        "mscrm.UtcTimeFromLocalTimeResponse",
    ),
    function("WhoAmI", &[], "mscrm.WhoAmIResponse"),
    action(
        "WinOpportunity",
        &[needed("OpportunityClose", "mscrm.opportunityclose"), needed("Status", "Edm.Int32")],
        None,
    ),
    action("WinQuote", &[needed("QuoteClose", "mscrm.quoteclose"), needed("Status", "Edm.Int32")], None),
    action(
        "nl_Escalate",
        &[needed("Reason", "Edm.String"), optional("Priority", "Edm.Int32")],
        Some("mscrm.nl_EscalateResponse"),
    )
    .on("incident"),
    function("nl_OldestOpen", &[optional("Count", "Edm.Int32")], "Collection(mscrm.incident)").on_set("incident"),
    function("nl_OpenValue", &[optional("MinimumProbability", "Edm.Int32")], "mscrm.nl_OpenValueResponse")
        .on("account"),
    action(
        "nl_PlanVisit",
        &[
            needed("Customer", "mscrm.crmbaseentity"),
            needed("When", "Edm.DateTimeOffset"),
            optional("Minutes", "Edm.Int32"),
            optional("Topics", "Collection(Edm.String)"),
        ],
        Some("mscrm.nl_PlanVisitResponse"),
    ),
    function(
        "nl_WorkingDays",
        &[needed("From", "Edm.Date"), needed("Until", "Edm.Date"), optional("Place", "Edm.String")],
        "mscrm.nl_WorkingDaysResponse",
    ),
];

/// What is told of a file in a note before it is handed out in blocks.
const NOTE_ON_ITS_WAY: &[(&str, &str)] =
    &[("FileContinuationToken", "Edm.String"), ("FileSizeInBytes", "Edm.Int64"), ("FileName", "Edm.String")];

/// The complex types that functions and actions give, with their members.
pub(in crate::sandbox::dataverse) const RESULTS: &[(&str, &[(&str, &str)])] = &[
    ("CommitAnnotationBlocksUploadResponse", &[("AnnotationId", "Edm.Guid"), ("FileSizeInBytes", "Edm.Int64")]),
    (
        "CommitAttachmentBlocksUploadResponse",
        &[("ActivityMimeAttachmentId", "Edm.Guid"), ("FileSizeInBytes", "Edm.Int64")],
    ),
    ("CommitFileBlocksUploadResponse", &[("FileId", "Edm.Guid"), ("FileSizeInBytes", "Edm.Int64")]),
    ("DownloadBlockResponse", &[("Data", "Edm.Binary")]),
    ("InitializeAnnotationBlocksDownloadResponse", NOTE_ON_ITS_WAY),
    ("InitializeAnnotationBlocksUploadResponse", &[("FileContinuationToken", "Edm.String")]),
    ("InitializeAttachmentBlocksDownloadResponse", NOTE_ON_ITS_WAY),
    ("InitializeAttachmentBlocksUploadResponse", &[("FileContinuationToken", "Edm.String")]),
    (
        "InitializeFileBlocksDownloadResponse",
        &[
            ("FileContinuationToken", "Edm.String"),
            ("FileSizeInBytes", "Edm.Int64"),
            ("FileName", "Edm.String"),
            ("IsChunkingSupported", "Edm.Boolean"),
        ],
    ),
    ("InitializeFileBlocksUploadResponse", &[("FileContinuationToken", "Edm.String")]),
    ("LocalTimeFromUtcTimeResponse", &[("LocalTime", "Edm.DateTimeOffset")]),
    ("RetrieveCurrentOrganizationResponse", &[("Detail", "Edm.Untyped")]),
    ("RetrieveTotalRecordCountResponse", &[("EntityRecordCountCollection", "Edm.Untyped")]),
    ("RetrieveUserPrivilegesResponse", &[("RolePrivileges", "Collection(Edm.Untyped)")]),
    ("RetrieveVersionResponse", &[("Version", "Edm.String")]),
    ("UtcTimeFromLocalTimeResponse", &[("UtcTime", "Edm.DateTimeOffset")]),
    ("WhoAmIResponse", &[("BusinessUnitId", "Edm.Guid"), ("UserId", "Edm.Guid"), ("OrganizationId", "Edm.Guid")]),
    ("nl_EscalateResponse", &[("NoteId", "Edm.Guid")]),
    ("nl_OpenValueResponse", &[("Total", "Edm.Decimal"), ("Opportunities", "Edm.Int32")]),
    ("nl_PlanVisitResponse", &[("AppointmentId", "Edm.Guid"), ("Summary", "Edm.String")]),
    ("nl_WorkingDaysResponse", &[("Days", "Edm.Int32")]),
];
