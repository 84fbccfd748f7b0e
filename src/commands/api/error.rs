//! What can be wrong with a request before it is sent. A header's value is never quoted: it may be a secret.

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// A request that is not sent.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// An empty path.
    #[error("there is no path")]
    NoPath,
    /// An option of the address that has a value and no name.
    #[error("the option `{}` has no name", option.escape_debug())]
    NamelessOption {
        /// What is left of it.
        option: String,
        /// The address before its options.
        resource: String,
    },
    /// Not `key=value`, or one that contradicts another.
    #[error("`{}` is not a field, or contradicts another one", word.escape_debug())]
    BadField {
        /// As given.
        word: String,
    },
    /// `a[b]=c` where fields go into the address.
    #[error("`{}` can't stand in an address", name.escape_debug())]
    NestedInQuery {
        /// The field.
        name: String,
    },
    /// Not `Name: value`.
    #[error("`{}…` is not a header", word.escape_debug())]
    BadHeader {
        /// What stands before the colon.
        word: String,
    },
    /// A header that is ours to send.
    #[error("the header {name} can't be given")]
    ForbiddenHeader {
        /// Its name.
        name: String,
    },
    /// A header that asks for another method.
    #[error("the header {name} asks for another method than the request itself")]
    MethodOverride {
        /// Its name.
        name: String,
    },
    /// `--paginate` with anything but a read.
    #[error("`--paginate` follows the pages of a GET, and this is a {method}")]
    PagesOfAWrite {
        /// The method.
        method: String,
    },
}

impl Diagnose for ApiError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::NoPath => &NO_PATH,
            Self::NamelessOption { .. } => &NAMELESS_OPTION,
            Self::BadField { .. } => &BAD_FIELD,
            Self::NestedInQuery { .. } => &NESTED_IN_QUERY,
            Self::BadHeader { .. } => &BAD_HEADER,
            Self::ForbiddenHeader { .. } => &FORBIDDEN_HEADER,
            Self::MethodOverride { .. } => &METHOD_OVERRIDE,
            Self::PagesOfAWrite { .. } => &PAGES_OF_A_WRITE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NamelessOption { resource, .. } => vec![("resource", resource.clone())],
            _ => Vec::new(),
        }
    }
}

/// The phrases of this command.
pub const API_PHRASES: &[&Phrase] = &[
    &NO_PATH,
    &NAMELESS_OPTION,
    &BAD_FIELD,
    &NESTED_IN_QUERY,
    &BAD_HEADER,
    &FORBIDDEN_HEADER,
    &METHOD_OVERRIDE,
    &PAGES_OF_A_WRITE,
];

static NO_PATH: Phrase = Phrase {
    code: "commands/no-path",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a request needs a path beneath the organisation's Web API",
    remedy: &["name one: `d365conn api WhoAmI`, or `d365conn api 'accounts?$top=1'` in single quotes"],
};

static NAMELESS_OPTION: Phrase = Phrase {
    code: "commands/nameless-option",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "options begin with `$`, and a shell takes `$top` for a variable of its own where no single quotes stand; without \
              its options a request asks for every row and column, so nothing was sent",
    remedy: &["write the whole path in single quotes: `'{resource}?$select=name&$top=5'`"],
};

static BAD_FIELD: Phrase = Phrase {
    code: "commands/bad-field",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "fields are `key=value`, `key[inner]=value` or `key[]=value`, each key once",
    remedy: &["write for example `d365conn api accounts -f name='Alder Freight' -F revenue=125000`"],
};

static NESTED_IN_QUERY: Phrase = Phrase {
    code: "commands/nested-in-query",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the fields of a GET, and those beside `--input`, become options of the address, which have no parts",
    remedy: &["give it as `key=value`, or send it in a body with `d365conn api PATH -X POST`"],
};

static BAD_HEADER: Phrase = Phrase {
    code: "commands/bad-header",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a header is `Name: value` in plain characters",
    remedy: &["write for example `d365conn api accounts -H 'Prefer: odata.maxpagesize=10'`"],
};

static FORBIDDEN_HEADER: Phrase = Phrase {
    code: "commands/forbidden-header",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it carries a credential, names another host, or belongs to the message itself; d365conn sends it alone",
    remedy: &[
        "leave it out: the connection's own token goes along; `-c NAME` picks another connection",
        "for a program that makes its own requests use `d365conn token -o header`",
    ],
};

static METHOD_OVERRIDE: Phrase = Phrase {
    code: "commands/method-override",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "what would be judged and what would be done are not the same; nothing was sent",
    remedy: &["leave the header out, and give the method itself: `d365conn api PATH -X PATCH`"],
};

static PAGES_OF_A_WRITE: Phrase = Phrase {
    code: "commands/pages-of-a-write",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "only what is read comes in pages",
    remedy: &[
        "add `-X GET` to the `d365conn api` command, so that fields become options of the address",
        "leave `--paginate` out",
    ],
};
