//! Whether an address about to be connected to looks like one that is saved already: a slip of the finger, or somebody's
//! trap. It asks, or says so; it never refuses by itself.

use crate::context::Context;
use crate::problem::Problem;
use crate::store::is_one_slip_apart;
use crate::tenant::TenantUrl;

/// Asks before going on where a person can be asked, and says so otherwise. An address that is saved itself is no surprise.
///
/// # Errors
/// When the person says no, or the saved connections can't be read.
pub(super) fn ask(context: &Context, address: &TenantUrl) -> Result<(), Problem> {
    if address.is_sandbox() {
        return Ok(());
    }
    let connections = context.registry()?.read()?;
    if connections.iter().any(|connection| connection.tenant_url == *address) {
        return Ok(());
    }
    let twin = connections.iter().find(|connection| looks_like(address.host(), connection.tenant_url.host()));
    let Some(twin) = twin else { return Ok(()) };
    let says = format!(
        "{} is nearly the address of the saved connection `{}`, which is {}",
        address.host(),
        twin.name,
        twin.tenant_url.host()
    );
    if context.screen.can_ask() && !context.settings.yes {
        return context.confirm(&format!("{says}. Go on with {}?", address.host()));
    }
    context.screen.warn(&says);
    Ok(())
}

/// Whether one host could be taken for the other: one letter added, left out, replaced or swapped. Another digit in the
/// organisation's own name is how organisations are numbered.
fn looks_like(one: &str, other: &str) -> bool {
    let (Some((name, domain)), Some((other_name, other_domain))) = (one.split_once('.'), other.split_once('.')) else {
        return false;
    };
    if name == other_name {
        return domain != other_domain && is_one_slip_apart(domain, other_domain);
    }
    domain == other_domain && is_one_slip_apart(name, other_name) && !is_another_number(name, other_name)
}

/// `contoso1` and `contoso2`, or `contoso` and `contoso2`.
fn is_another_number(one: &str, other: &str) -> bool {
    let is_digit = |letter: &char| letter.is_ascii_digit();
    let without = |name: &str| name.chars().filter(|letter| !is_digit(letter)).collect::<String>();
    without(one) == without(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_differs_by_one_letter_and_a_sister_by_its_number() {
        let check = |one: &str, other: &str, expected: bool| {
            let host =
                |name: &str| if name.contains('.') { name.to_owned() } else { format!("{name}.crm4.dynamics.com") };
            assert_eq!(looks_like(&host(one), &host(other)), expected, "{one} {other}");
        };
        check("0rg", "org", true);
        check("c0ntoso", "contoso", true);
        check("contosso", "contoso", true);
        check("cotnoso", "contoso", true);
        check("contoso.crm.dynamics.com", "contoso.crm4.dynamics.com", true);
        check("contoso1", "contoso2", false);
        check("contoso", "contoso2", false);
        check("contoso", "contoso", false);
        check("contoso-dev", "contoso-test", false);
        check("fabrikam.crm.dynamics.com", "contoso.crm4.dynamics.com", false);
        check("127.0.0.1", "localhost", false);
    }
}
