//! Headers by which a request asks for another method than its line names. What is judged and what is done would not be the
//! same, so nothing of ours sends one and nothing lets one through. One list for all.

/// Whether a header of this name asks for another method: `X-HTTP-Method` and `X-HTTP-Method-Override` of OData services,
/// `X-Method-Override` and `X-Method` of others, in any case and with `_` for `-`, as gateways write them.
#[must_use]
pub fn overrides_method(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    name.contains("method-override") || matches!(name.as_str(), "x-http-method" | "x-method" | "http-method")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_asks_for_another_method_is_known_in_every_spelling() {
        for name in [
            "X-HTTP-Method",
            "x-http-method-override",
            "X-METHOD-OVERRIDE",
            "X_HTTP_Method_Override",
            "X-Method",
            "HTTP-Method-Override",
        ] {
            assert!(overrides_method(name), "{name}");
        }
        for name in ["Prefer", "MSCRM.SolutionUniqueName", "x-ms-file-name", "Access-Control-Request-Method"] {
            assert!(!overrides_method(name), "{name}");
        }
    }
}
