//! Asks the person at the terminal which organisation is meant. What becomes of the answer is decided elsewhere.

use crate::commands::organisations::{Listed, OrganisationsError};
use crate::context::Context;
use crate::output::{Lines, prompt, term};
use crate::problem::Problem;
use crate::tenant::Discovery;

/// Shows what is listed, with a number beside everything that can be connected to, and asks for one of the numbers. `None`
/// when Enter alone was pressed.
///
/// # Errors
/// When nobody can be asked, with `flag` as the way out, or when the question is interrupted.
pub fn choose<'a>(
    context: &Context,
    listed: &'a [Listed],
    question: &str,
    flag: &'static str,
) -> Result<Option<&'a Listed>, Problem> {
    let usable: Vec<&Listed> = listed.iter().filter(|listed| listed.usable.is_some()).collect();
    context.screen.say(&page(listed).lines().fold(Lines::default(), Lines::line));
    let answer = prompt::choose(&context.screen, question, usable.len(), flag)?;
    Ok(answer.and_then(|number| usable.get(number - 1).copied()))
}

/// The same for a command that can't go on without: with nothing to choose from, or nothing chosen, it says why.
///
/// # Errors
/// As [`choose`], and [`OrganisationsError`].
pub fn must_choose<'a>(context: &Context, discovery: &Discovery, listed: &'a [Listed]) -> Result<&'a Listed, Problem> {
    if listed.is_empty() {
        return Err(OrganisationsError::NoOrganisation { cloud: discovery.cloud().name }.into());
    }
    if listed.iter().all(|listed| listed.usable.is_none()) {
        return Err(OrganisationsError::NoneUsable { count: listed.len() }.into());
    }
    let chosen = choose(context, listed, "Which organisation?", "--tenant-url")?;
    Ok(chosen.ok_or(OrganisationsError::NoneChosen)?)
}

/// One line for each: its number if it has one, its name, its address, and what is to be said of it.
fn page(listed: &[Listed]) -> String {
    let width = |text: &str| term::width(&term::inert(text));
    let (names, urls): (Vec<usize>, Vec<usize>) =
        listed.iter().map(|listed| (width(listed.name()), width(listed.url()))).unzip();
    let widest = |widths: &[usize]| widths.iter().copied().max().unwrap_or_default();
    let (widest_name, widest_url) = (widest(&names), widest(&urls));
    let mut number = 0;
    let mut page = String::new();
    for (listed, (name, url)) in listed.iter().zip(names.into_iter().zip(urls)) {
        let mark = if listed.usable.is_some() {
            number += 1;
            number.to_string()
        } else {
            "-".to_owned()
        };
        let line = format!(
            "{mark:>3}  {}{}  {}{}  {}",
            term::inert(listed.name()),
            " ".repeat(widest_name - name),
            term::inert(listed.url()),
            " ".repeat(widest_url - url),
            term::inert(&listed.remark()),
        );
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::organisations::listed;
    use crate::environment::Environment;
    use crate::output::{Screen, ScreenOptions, Stdio};
    use crate::settings::{Flags, Settings};

    fn page_of(rows: &str) -> String {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().display().to_string();
        let environment = Environment::of([("D365CONN_CONFIG_DIR", &directory), ("D365CONN_STATE_DIR", &directory)]);
        let settings = Settings::resolve(Flags::default(), &environment).unwrap();
        let screen = Screen::new(Stdio::captured().0, &ScreenOptions::default());
        let (clock, nobody) = (crate::clock::Clock::system(), crate::auth::Browser::Nobody);
        let context = Context::new(screen, settings, environment, clock, nobody);
        let found = serde_json::from_str(rows).unwrap();
        page(&listed(&context, &Discovery::named("commercial").unwrap(), found).unwrap())
    }

    #[test]
    fn what_can_be_chosen_has_a_number_and_the_rest_says_why_not() {
        let page = page_of(
            r#"[{"FriendlyName":"Contoso","Url":"https://contoso.crm4.dynamics.com/","State":0},
                {"FriendlyName":"Contoso (old)","Url":"https://old.crm4.dynamics.com","State":1},
                {"FriendlyName":"","UniqueName":"unq1","Url":"https://evil.example","State":0},
                {"FriendlyName":"Søren's\u001b[2J","Url":"https://soren.crm.dynamics.com","State":0}]"#,
        );
        assert_eq!(
            page,
            "  1  Contoso           https://contoso.crm4.dynamics.com\n\
             \u{20} -  Contoso (old)     https://old.crm4.dynamics.com      disabled\n\
             \u{20} -  unq1              https://evil.example               not an organisation of this cloud\n\
             \u{20} 2  Søren's\\u{1b}[2J  https://soren.crm.dynamics.com\n"
        );
    }
}
