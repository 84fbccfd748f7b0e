//! A column: its kind, its limits, who may write it. It never holds a value.

use crate::sandbox::odata::Number;

/// The most KiB of an image, unless its column says otherwise.
const USUAL_IMAGE: u32 = 10_240;

/// A column of a table.
pub(crate) struct Column {
    /// Logical name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How much it is wanted.
    pub required: Required,
    /// Who may write it.
    pub access: Access,
    /// The choice a new record begins with.
    pub default: Option<i64>,
    /// What a date with a time stands for.
    pub behaviour: Behaviour,
}

/// What a column holds.
pub(crate) enum Kind {
    /// The primary key.
    Key,
    /// A GUID that points nowhere.
    Guid,
    /// One line of text of at most so many UTF-16 units.
    Text(usize),
    /// Many lines of text of at most so many UTF-16 units.
    Memo(usize),
    /// A whole number of 32 bits.
    Whole(Limits),
    /// A whole number of 64 bits.
    Big,
    /// A decimal number.
    Decimal(Limits),
    /// Money with four digits after the point.
    Money(Limits),
    /// A floating-point number with five digits after the point.
    Double(Limits),
    /// Yes or no.
    Flag,
    /// One of some labels.
    Choice(Vec<Label>),
    /// Any of some labels: their values in order, parted by commas.
    Choices(Vec<Label>),
    /// The state of the record.
    State(Vec<Label>),
    /// The reason of the state.
    Status(Vec<Label>),
    /// A date with a time.
    Moment,
    /// A date.
    Day,
    /// A record of another table.
    Lookup(Vec<Target>),
    /// The parties of an activity; no property of the record itself.
    Parties,
    /// A picture of at most so many KiB: the cell holds its thumbnail as base64.
    Image(u32),
    /// A file of at most so many KiB: the cell holds its id.
    File(u32),
    /// The logical name of a table.
    TableName,
}

/// Least and most.
pub(crate) struct Limits {
    /// Least.
    pub least: Number,
    /// Most.
    pub most: Number,
}

/// A value of a choice with its label.
pub(crate) struct Label {
    /// The value.
    pub value: i64,
    /// The label in English.
    pub text: &'static str,
    /// The state it belongs to, for status reasons.
    pub state: Option<i64>,
}

/// A table that a lookup may point to.
pub(crate) struct Target {
    /// Logical name of the table; it need not be one the sandbox holds.
    pub table: &'static str,
    /// The single-valued navigation property.
    pub navigation: &'static str,
    /// The collection on the other side, which also names the relationship; empty when there is none.
    pub collection: &'static str,
}

/// What a date with a time stands for. Source: Microsoft Learn, "Behavior and format of the date and time column".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// A moment, shown in the zone of whoever looks.
    Moment,
    /// A moment of which everybody sees the day that it falls on in their own zone.
    Day,
    /// What a clock on the wall shows, the same everywhere.
    Clock,
}

impl Behaviour {
    fn read(detail: &str) -> Self {
        match detail {
            "days" => Self::Day,
            "clock" => Self::Clock,
            _ => Self::Moment,
        }
    }
}

/// How much a column is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    /// By nobody.
    Not,
    /// By forms; the Web API does not mind.
    Application,
    /// By the platform.
    System,
}

/// Who may write a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Writable,
    /// Everybody, when the record is made.
    CreateOnly,
    /// The platform.
    ReadOnly,
}

impl Column {
    /// Reads a line of `tables.txt` without its leading tab.
    pub(super) fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (name, kind) = (fields.next()?, fields.next()?);
        let required = match fields.next()? {
            "S" => Required::System,
            "A" => Required::Application,
            _ => Required::Not,
        };
        let access = match fields.next()? {
            "w" => Access::Writable,
            "c" => Access::CreateOnly,
            _ => Access::ReadOnly,
        };
        let detail = fields.next().unwrap_or_default();
        let (kind, behaviour) = (Kind::read(kind, detail)?, Behaviour::read(detail));
        let default = fields.next().and_then(|value| value.parse().ok());
        Some(Self { name, kind, required, access, default, behaviour })
    }

    /// The name of the property on the wire.
    pub fn property(&self) -> String {
        if matches!(self.kind, Kind::Lookup(_)) { format!("_{}_value", self.name) } else { self.name.to_owned() }
    }

    /// Whether the column is a property under its own name.
    pub fn is_plain(&self) -> bool {
        !matches!(self.kind, Kind::Lookup(_) | Kind::Parties)
    }

    /// The tables a lookup may point to; empty for other kinds.
    pub fn targets(&self) -> &[Target] {
        if let Kind::Lookup(targets) = &self.kind { targets } else { &[] }
    }

    /// The labels of choices, a state or a status; empty for other kinds.
    pub fn labels(&self) -> &[Label] {
        match &self.kind {
            Kind::Choice(labels) | Kind::Choices(labels) | Kind::State(labels) | Kind::Status(labels) => labels,
            _ => &[],
        }
    }

    /// The label of one value.
    pub fn label(&self, value: i64) -> Option<&Label> {
        self.labels().iter().find(|label| label.value == value)
    }
}

impl Kind {
    fn read(word: &str, detail: &'static str) -> Option<Self> {
        Some(match word {
            "key" => Self::Key,
            "guid" => Self::Guid,
            "text" => Self::Text(detail.parse().ok()?),
            "memo" => Self::Memo(detail.parse().ok()?),
            "whole" => Self::Whole(Limits::read(detail)?),
            "big" => Self::Big,
            "decimal" => Self::Decimal(Limits::read(detail)?),
            "money" => Self::Money(Limits::read(detail)?),
            "double" => Self::Double(Limits::read(detail)?),
            "flag" => Self::Flag,
            "choice" => Self::Choice(Label::read_all(detail)?),
            "choices" => Self::Choices(Label::read_all(detail)?),
            "state" => Self::State(Label::read_all(detail)?),
            "status" => Self::Status(Label::read_all(detail)?),
            "moment" => Self::Moment,
            "day" => Self::Day,
            "lookup" => Self::Lookup(Target::read_all(detail)?),
            "parties" => Self::Parties,
            "image" => Self::Image(detail.parse().unwrap_or(USUAL_IMAGE)),
            "file" => Self::File(detail.parse().ok()?),
            "table" => Self::TableName,
            _ => return None,
        })
    }

    /// The type of the property on the wire.
    pub fn edm_type(&self) -> &'static str {
        match self {
            Self::Key | Self::Guid | Self::Lookup(_) | Self::File(_) => "Edm.Guid",
            Self::Text(_) | Self::Memo(_) | Self::TableName | Self::Choices(_) => "Edm.String",
            Self::Whole(_) | Self::Choice(_) | Self::State(_) | Self::Status(_) => "Edm.Int32",
            Self::Big => "Edm.Int64",
            Self::Decimal(_) | Self::Money(_) => "Edm.Decimal",
            Self::Double(_) => "Edm.Double",
            Self::Flag => "Edm.Boolean",
            Self::Moment => "Edm.DateTimeOffset",
            Self::Day => "Edm.Date",
            Self::Image(_) => "Edm.Binary",
            Self::Parties => "Collection(Microsoft.Dynamics.CRM.activityparty)",
        }
    }

    /// The `AttributeTypeName` in metadata, which tells what `AttributeType` calls virtual.
    pub fn type_name(&self) -> String {
        match self {
            Self::Image(_) => "ImageType".to_owned(),
            Self::File(_) => "FileType".to_owned(),
            Self::Choices(_) => "MultiSelectPicklistType".to_owned(),
            other => format!("{}Type", other.attribute_type()),
        }
    }

    /// The `AttributeType` in metadata.
    pub fn attribute_type(&self) -> &'static str {
        match self {
            Self::Key | Self::Guid => "Uniqueidentifier",
            Self::Text(_) => "String",
            Self::Memo(_) => "Memo",
            Self::Whole(_) => "Integer",
            Self::Big => "BigInt",
            Self::Decimal(_) => "Decimal",
            Self::Money(_) => "Money",
            Self::Double(_) => "Double",
            Self::Flag => "Boolean",
            Self::Choice(_) => "Picklist",
            Self::State(_) => "State",
            Self::Status(_) => "Status",
            Self::Moment | Self::Day => "DateTime",
            Self::Lookup(targets) => match targets.first() {
                Some(target) if target.navigation.starts_with("ownerid") => "Owner",
                Some(target) if target.navigation.starts_with("customerid_") => "Customer",
                Some(target) if target.navigation.starts_with("parentcustomerid_") => "Customer",
                _ => "Lookup",
            },
            Self::Parties => "PartyList",
            Self::Image(_) | Self::File(_) | Self::Choices(_) => "Virtual",
            Self::TableName => "EntityName",
        }
    }
}

impl Limits {
    fn read(detail: &str) -> Option<Self> {
        let (least, most) = detail.split_once("..")?;
        Some(Self { least: Number::parse(least)?, most: Number::parse(most)? })
    }

    /// Whether a number lies within.
    pub fn hold(&self, number: Number) -> bool {
        self.least <= number && number <= self.most
    }
}

impl Label {
    fn read_all(detail: &'static str) -> Option<Vec<Self>> {
        let read = |part: &'static str| {
            let (value, text) = part.split_once('=')?;
            let (value, state) = match value.split_once('@') {
                Some((value, state)) => (value, Some(state.parse().ok()?)),
                None => (value, None),
            };
            Some(Self { value: value.parse().ok()?, text, state })
        };
        detail.split('|').map(read).collect()
    }
}

impl Target {
    fn read_all(detail: &'static str) -> Option<Vec<Self>> {
        let read = |part: &'static str| {
            let mut names = part.split(':');
            Some(Self { table: names.next()?, navigation: names.next()?, collection: names.next()? })
        };
        detail.split('|').map(read).collect()
    }
}
