//! The phrasebook, walked from cover to cover: form, uniqueness, completeness. What a phrase advises is not judged here.

use std::collections::BTreeSet;

use d365conn::problem::{Exit, Phrase, Who};

use super::source::house;

fn rooms() -> BTreeSet<String> {
    house().iter().map(|file| file.room().to_owned()).filter(|room| room != "main" && room != "lib").collect()
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether every brace in `text` belongs to a placeholder `{snake_case}`.
fn has_sound_placeholders(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let Some((name, after)) = rest[at..].strip_prefix('{').and_then(|open| open.split_once('}')) else {
            return false;
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return false;
        }
        rest = after;
    }
    true
}

/// Names keep their capital at the beginning of a fragment.
const PROPER_NOUNS: [&str; 4] = ["Dataverse", "Dynamics", "Entra", "Microsoft"];

fn faults(phrase: &Phrase, rooms: &BTreeSet<String>) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let mut demand = |holds: bool, what| {
        if !holds {
            faults.push(what);
        }
    };
    let (room, slug) = phrase.code.split_once('/').unwrap_or_default();
    demand(rooms.contains(room), "the code does not begin with a room");
    demand(is_slug(slug), "the code's slug is not made of small letters, digits and hyphens");
    // A reader who has seen enough is the one failure that is none.
    demand(phrase.exit != Exit::Done || phrase.code == "output/closed-pipe", "a failure does not end with success");
    demand(!phrase.meaning.is_empty(), "the meaning is empty");
    let first = phrase.meaning.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    demand(
        !first.starts_with(char::is_uppercase) || PROPER_NOUNS.contains(&first),
        "the meaning begins with a capital letter",
    );
    demand(!phrase.meaning.ends_with(['.', '!']), "the meaning ends like a sentence");
    demand(phrase.meaning.trim() == phrase.meaning, "the meaning has blanks around it");
    demand(has_sound_placeholders(phrase.meaning), "the meaning has a brace that is no placeholder");
    demand(!phrase.remedy.is_empty(), "there is no remedy");
    for line in phrase.remedy {
        demand(
            !line.trim().is_empty() && line.trim() == *line,
            "a line of the remedy is empty or has blanks around it",
        );
        // The lines are shown with an "or" between them.
        demand(!line.starts_with("or ") && !line.starts_with("or,"), "a line of the remedy begins with `or`");
        demand(!line.ends_with(['.', '!']), "a line of the remedy ends like a sentence");
        demand(
            line.contains("{\"") || has_sound_placeholders(line),
            "a line of the remedy has a brace that is no placeholder",
        );
        demand(line.matches('`').count() % 2 == 0, "a line of the remedy has a backtick without its pair");
    }
    faults
}

#[test]
fn every_phrase_has_a_sound_code_a_fragment_of_meaning_and_a_remedy() {
    let rooms = rooms();
    let phrases = d365conn::phrasebook();
    assert!(!phrases.is_empty());
    let faults: Vec<String> = phrases
        .iter()
        .flat_map(|phrase| faults(phrase, &rooms).into_iter().map(|fault| format!("{}: {fault}", phrase.code)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_code_is_in_the_phrasebook_once() {
    let mut seen = BTreeSet::new();
    for phrase in d365conn::phrasebook() {
        assert!(seen.insert(phrase.code), "{} is there twice", phrase.code);
    }
}

#[test]
fn every_phrase_that_is_written_is_in_the_phrasebook() {
    let rooms = rooms();
    let known: BTreeSet<&str> = d365conn::phrasebook().iter().map(|phrase| phrase.code).collect();
    for file in house() {
        let code = file.code();
        // The rest of the house may hold texts with a slash in them; phrases are written where they are defined.
        let defines = file.path.ends_with("/phrases.rs") || code.contains(": Phrase = Phrase");
        // The form of a phrase is shown on one that exists for a test only.
        if !defines || file.room() == "problem" {
            continue;
        }
        for literal in file.literals() {
            let is_code = literal.split_once('/').is_some_and(|(room, slug)| rooms.contains(room) && is_slug(slug));
            assert!(
                !is_code || known.contains(literal.as_str()),
                "{}: `{literal}` is in no list of phrases",
                file.path
            );
        }
    }
}

#[test]
fn every_room_with_phrases_lists_only_its_own() {
    let written: BTreeSet<(String, String)> = house()
        .iter()
        .flat_map(|file| file.literals().into_iter().map(|text| (file.room().to_owned(), text)))
        .collect();
    for phrase in d365conn::phrasebook() {
        let room = phrase.code.split('/').next().unwrap_or_default();
        let is_written_there = written.contains(&(room.to_owned(), phrase.code.to_owned()));
        assert!(is_written_there, "{} is not written in the room `{room}`", phrase.code);
    }
}

#[test]
fn planted_faults_of_phrasing_are_seen() {
    const SOUND: Phrase = Phrase {
        code: "tenant/some-thing",
        exit: Exit::Failed,
        who: Who::You,
        meaning: "`{thing}` broke",
        remedy: &["run `d365conn doctor`"],
    };
    let rooms = rooms();
    assert_eq!(faults(&SOUND, &rooms), Vec::<&str>::new());
    for planted in [
        Phrase { code: "attic/some-thing", ..SOUND },
        Phrase { code: "tenant/Some_Thing", ..SOUND },
        Phrase { exit: Exit::Done, ..SOUND },
        Phrase { meaning: "The thing broke", ..SOUND },
        Phrase { meaning: "the thing broke.", ..SOUND },
        Phrase { meaning: "the {Thing} broke", ..SOUND },
        Phrase { remedy: &[], ..SOUND },
        Phrase { remedy: &["run `d365conn doctor"], ..SOUND },
        Phrase { remedy: &["or run `d365conn doctor`"], ..SOUND },
    ] {
        assert_eq!(faults(&planted, &rooms).len(), 1, "{planted:?}");
    }
}
