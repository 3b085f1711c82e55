//! How it is found that two signals are about the same.

use model::{FieldName, MatchKeySpec, Profile};

use super::page::Page;
use super::phrase::told;
use super::terms::Term as _;

pub(super) fn write(page: &mut Page<'_>) {
    page.heading("Wat wordt vergeleken", "What is compared");
    page.say(page.pick(
        "Van wat wordt vergeleken, krijgt de makelaar alleen een geheime code.",
        "Of what is compared, the broker gets a secret code only.",
    ));
    page.say(page.pick(
        "Meer dan dit wordt niet vergeleken.",
        "No more than this is compared.",
    ));
    for spec in page.covenant.match_keys() {
        comparison(page, spec);
    }
}

fn comparison(page: &mut Page<'_>, spec: &MatchKeySpec) {
    let lang = page.lang;
    let (name, kind) = (&spec.name, spec.kind.told(lang));
    page.say(&told!(
        lang,
        "Vergelijking {name}: van {kind}.",
        "Comparison {name}: of {kind}."
    ));
    let fields: Vec<String> = fields(spec)
        .into_iter()
        .map(|f| f.told(lang).to_owned())
        .collect();
    let (count, needed) = (spec.keys.len(), spec.needed);
    if let [_] = spec.keys.as_slice() {
        page.list(
            page.pick("Dit moet gelijk zijn:", "This must be alike:"),
            &fields,
        );
    } else {
        let size = spec.keys.first().map_or(0, |key| key.fields.len());
        let lead = told!(
            lang,
            "Vergeleken worden combinaties van {size} uit",
            "Compared are combinations of {size} out of"
        );
        page.list(&lead, &fields);
        page.more(&told!(
            lang,
            "Er zijn zo {count} combinaties; minstens {needed} moeten gelijk zijn.",
            "There are {count} such combinations; at least {needed} must be alike."
        ));
    }
    if spec.keys.iter().flat_map(|k| &k.fields).any(by_sound) {
        let way = spec.phonetic.told(lang);
        page.more(&told!(
            lang,
            "Klank wordt bepaald op {way}.",
            "Sound is found in {way}."
        ));
    }
    page.more(match spec.profile {
        Profile::Hmac => page.pick(
            "Met de codes en de sleutel samen kan iemand gegevens terugvinden.",
            "With the codes and the key together somebody can find data again.",
        ),
        Profile::Oprf => page.pick(
            "Een aparte sleutelhouder maakt de code extra veilig.",
            "A separate key holder makes the code extra safe.",
        ),
    });
    if let Some(most) = spec.too_frequent {
        page.more(&told!(
            lang,
            "Heeft een partij een code vaker dan {most} keer, dan gaat die niet mee.",
            "A code that a party has more than {most} times is left out."
        ));
    }
}

/// Every field of any key, in the covenant's order.
fn fields(spec: &MatchKeySpec) -> Vec<FieldName> {
    let mut all = Vec::new();
    for field in spec.keys.iter().flat_map(|key| &key.fields) {
        if !all.contains(field) {
            all.push(*field);
        }
    }
    all
}

const fn by_sound(field: &FieldName) -> bool {
    matches!(field, FieldName::GivenNameSound | FieldName::SurnameSound)
}
