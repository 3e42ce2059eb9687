//! People from word lists: obviously made up, of all the kinds a sync has to cope with, the same for the same seed.

use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Map, Value, json};

/// How many kinds of people there are; they take turns, so that every kind is there among any dozen.
const KINDS: usize = 12;
/// Every so many people there is one of staff.
const STAFF_EVERY: usize = 20;

const FIRST_NAMES: &[&str] = &[
    "Amber", "Basil", "Cedar", "Dahlia", "Elder", "Fern", "Ginger", "Hazel", "Iris", "Jasper", "Juniper",
    "Laurel", "Maple", "Nettle", "Olive", "Poppy", "Quill", "Robin", "Sage", "Thyme", "Umber", "Violet",
    "Willow", "Zinnia",
];
const LAST_NAMES: &[&str] = &[
    "Anvil", "Barrel", "Canvas", "Drawer", "Easel", "Feather", "Girder", "Hamper", "Inkwell", "Jigsaw",
    "Kettle", "Lantern", "Mallet", "Needle", "Oarlock", "Pulley", "Quiver", "Ratchet", "Saddle", "Trestle",
    "Urn", "Valise",
];
const DOMAINS: &[&str] = &["example.com", "example.org", "mail.example.com", "post.example.org"];
const STREETS: &[&str] =
    &["Lantern Row", "Mill Lane", "Quay Street", "Copper Yard", "Station Approach", "Orchard Rise"];
const TOWNS: &[&str] =
    &["Boxford-on-Sea, ZZ1 2AB", "Lower Crateham, ZZ9 9ZZ", "Shelfield, ZZ4 7QX", "Port Pallet, ZZ2 0LL"];
const COMPANIES: &[&str] = &[
    "Kettle & Sons",
    "Lantern Works Ltd",
    "Ünder Lager GmbH",
    "The \"Proper\" Box Co.",
    "Société Caisse-Bois",
    "Saddle+Co",
];
/// Numbers from the ranges that are kept free for fiction, in the forms in which people type them.
const PHONES: &[&str] = &[
    "+44 20 7946 0{:03}",
    "020 7946 0{:03}",
    "(020) 7946-0{:03}",
    "+442079460{:03}",
    "0044 20 7946 0{:03}",
    "+44 (0)20 7946 0{:03}",
    "020.7946.0{:03}",
    "020 7946 0{:03} ext. 4",
    "+44 7700 900{:03}",
    "07700 900{:03}",
];

const ACCENTS: &[(&str, &str)] = &[
    ("Éloïse", "Forêt-Châssis"),
    ("Søren", "Blåbær"),
    ("Żółw", "Łąka"),
    ("İrem", "Çekiç"),
    ("Þór", "Ísjaki"),
    ("Jürgen", "Straßenbahn"),
];
const CJK: &[(&str, &str)] = &[("太郎", "収納"), ("箱子", "仓库"), ("상자", "창고"), ("花子", "倉庫")];
const EMOJI: &[(&str, &str)] =
    &[("Sunny 🌻", "Meadow"), ("Rocket", "Launchpad 🚀"), ("Family 👨‍👩‍👧", "Tent"), ("Flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "Pole")];
const RTL: &[(&str, &str)] = &[("صندوق", "مخزن"), ("קופסה", "מחסן"), ("Box صندوق", "Mixed مخزن")];
const QUOTES: &[(&str, &str)] = &[
    ("Mallet", "O'Crate"),
    ("Peg \"Boxy\"", "D’Anvil"),
    ("Salt & Pepper", "Mill"),
    ("Bold <b>", "Angle </b>"),
    ("Back\\slash", "Semi;colon"),
];
/// Letters followed by a combining mark, where a single letter would look the same.
const COMBINING: &[(&str, &str)] = &[
    ("Zoe\u{301}", "Lan\u{303}tern"),
    ("A\u{30a}ngstro\u{308}m", "Bar"),
    ("Nguye\u{302}\u{303}n", "Thu\u{323}ng"),
];
const FOUR_BYTE: &[(&str, &str)] = &[("𠮷", "𠮷野"), ("𝓑𝓸𝔁", "𝔖𝔱𝔬𝔯𝔢"), ("𐍈𐌰𐌹", "𐌺𐌹𐍃𐍄𐌰")];

/// Who may come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Customers, and staff among them.
    Everyone,
    /// Customers only.
    Customers,
}

/// The `n`-th person, in the form of a request to make a user; its e-mail has `n` in it, so no two are the same.
pub(crate) fn person(rng: &mut StdRng, n: usize, mix: Mix) -> Map<String, Value> {
    let (plain_first, plain_last) = (pick(rng, FIRST_NAMES), pick(rng, LAST_NAMES));
    let local = format!("{plain_first}.{plain_last}.{n}").to_lowercase();
    let is_staff = mix == Mix::Everyone && n % STAFF_EVERY == STAFF_EVERY - 1;
    let (first, last) =
        if is_staff { (plain_first, plain_last) } else { name(rng, n, plain_first, plain_last) };
    let mut person = Map::from_iter([
        ("email".to_owned(), format!("{local}@{}", pick(rng, DOMAINS)).into()),
        ("firstName".to_owned(), first.into()),
        ("lastName".to_owned(), last.into()),
        ("language".to_owned(), "en".into()),
        ("isActive".to_owned(), rng.random_bool(0.7).into()),
    ]);
    let details =
        [("phone", phone(rng)), ("address", address(rng)), ("companyName", pick(rng, COMPANIES).to_owned())];
    for (detail, value) in details {
        if has(n, detail) {
            person.insert(detail.to_owned(), value.into());
        }
    }
    if is_staff {
        person.insert("roles".to_owned(), json!([if rng.random_bool(0.3) { "admin" } else { "manager" }]));
    } else if n % KINDS == 11 {
        person.remove("lastName");
    }
    person
}

/// Kind 1 has no phone, kind 2 no address, kind 3 and half of the rest no company; kind 11 has nothing but a first name.
fn has(n: usize, detail: &str) -> bool {
    match (n % KINDS, detail) {
        (11, _) | (1, "phone") | (2, "address") | (3, "companyName") => false,
        (kind, "companyName") => kind % 2 == 0,
        _ => true,
    }
}

fn name<'a>(rng: &mut StdRng, n: usize, first: &'a str, last: &'a str) -> (&'a str, &'a str) {
    let special = match n % KINDS {
        4 => ACCENTS,
        5 => CJK,
        6 => EMOJI,
        7 => RTL,
        8 => QUOTES,
        9 => COMBINING,
        10 => FOUR_BYTE,
        _ => return (first, last),
    };
    *special.choose(rng).expect("a list of names is not empty")
}

fn phone(rng: &mut StdRng) -> String {
    let number = format!("{:03}", rng.random_range(0..1000));
    pick(rng, PHONES).replace("{:03}", &number)
}

fn address(rng: &mut StdRng) -> String {
    let line = format!("{} {}", rng.random_range(1..300), pick(rng, STREETS));
    let between = if rng.random_bool(0.1) { "\n" } else { ", " };
    format!("{line}{between}{}", pick(rng, TOWNS))
}

fn pick<'a>(rng: &mut StdRng, words: &[&'a str]) -> &'a str {
    words.choose(rng).expect("a list of words is not empty")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng as _;

    use super::*;

    fn people(seed: u64, mix: Mix) -> Vec<Map<String, Value>> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..120).map(|n| person(&mut rng, n, mix)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_people_and_another_seed_makes_others() {
        assert_eq!(people(3, Mix::Everyone), people(3, Mix::Everyone));
        assert_ne!(people(3, Mix::Everyone), people(4, Mix::Everyone));
    }

    #[test]
    fn people_of_all_kinds_are_there_and_no_two_share_an_address() {
        let people = people(3, Mix::Everyone);
        let without = |field: &str| people.iter().filter(|p| !p.contains_key(field)).count();
        for field in ["phone", "address", "companyName", "lastName"] {
            assert!(without(field) > 0 && without(field) < people.len(), "{field}");
        }
        assert_eq!(people.iter().filter(|p| p.contains_key("roles")).count(), 6);
        let emails: HashSet<_> = people.iter().map(|p| p["email"].as_str().unwrap()).collect();
        assert_eq!(emails.len(), people.len());
        assert!(emails.iter().all(|e| e.ends_with("example.com") || e.ends_with("example.org")));
        let names: String = people.iter().filter_map(|p| Some(p["firstName"].as_str()?.to_owned())).collect();
        for sign in [
            "é|ø|Ż|İ|Þ|ü",
            "太|箱|상|花",
            "🌻|🚀|👨|🏴|Rocket",
            "صندوق|קופסה",
            "Mallet|\"|&|<|\\",
            "\u{301}|\u{30a}|\u{302}",
            "𠮷|𝓑|𐍈",
        ] {
            assert!(sign.split('|').any(|s| names.contains(s)), "{sign}");
        }
    }

    #[test]
    fn customers_have_no_roles() {
        assert!(people(3, Mix::Customers).iter().all(|p| !p.contains_key("roles")));
    }
}
