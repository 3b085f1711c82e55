//! `[vergelijking.<id>]`: match keys and families of them.

use model::{
    FieldName, MatchKey, MatchKeyId, MatchKeyName, MatchKeySpec, Phonetic, Profile, SubjectKind,
};

use crate::language::reader::{Item, Table, parse_name};
use crate::language::words::Word;
use crate::lint::{meaning, text, warning};

/// More keys than this per signal is a mistake: each is a token at the broker.
const MOST_KEYS: usize = 120;

pub(super) fn comparisons(section: &Table<'_, '_>) -> Vec<MatchKeySpec> {
    let mut specs = Vec::new();
    for (name, at, item) in section.entries() {
        let name = parse_name::<MatchKeyName>(section.ctx, name, at);
        let Some(table) = item.table() else { continue };
        specs.extend(comparison(table, name));
    }
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs
}

fn comparison(table: Table<'_, '_>, name: Option<MatchKeyName>) -> Option<MatchKeySpec> {
    let before = table.ctx.errors();
    let kind = table.need("soort").and_then(|i| i.word::<SubjectKind>());
    let phonetic_item = table.get("klank");
    let phonetic = phonetic_item
        .as_ref()
        .map_or(Some(Phonetic::default()), Item::word);
    let too_frequent = table.get("te_vaak").and_then(|i| i.number(2, 1_000_000));
    let profile_item = match kind {
        Some(SubjectKind::Person) => table.get("profiel"),
        _ => table.need("profiel"),
    };
    let profile = profile_item
        .as_ref()
        .map_or(Some(Profile::Oprf), Item::word);
    let keys = keys(&table, kind, name.as_ref());
    let needed = table.get("nodig").map(|i| (i.number(1, 1_000), i));
    if let (Some((Some(needed), item)), Some(keys)) = (&needed, &keys) {
        if usize::try_from(*needed).is_ok_and(|n| n > keys.len()) {
            let count = keys.len();
            item.ctx.report(
                meaning::TOO_MANY_NEEDED,
                item.at.clone(),
                format!("er zijn {needed} sleutels nodig, en er zijn er {count}"),
                format!("{needed} keys are needed, and there are {count}"),
            );
        } else if *needed == 1 {
            no_effect(item);
        }
    }
    if let (Some(item), Some(keys)) = (&phonetic_item, &keys) {
        let by_sound =
            |f: &FieldName| matches!(f, FieldName::GivenNameSound | FieldName::SurnameSound);
        if phonetic == Some(Phonetic::Cologne)
            || !keys.iter().any(|k| k.fields.iter().any(by_sound))
        {
            no_effect(item);
        }
    }
    if let (Some(item), Some(Profile::Hmac), Some(SubjectKind::Person)) =
        (&profile_item, profile, kind)
    {
        item.ctx.report(
            warning::PERSON_HMAC,
            item.at.clone(),
            "met `hmac` kan wie de sleutel en de gegevens van de makelaar heeft personen terugvinden".into(),
            "with `hmac` whoever has the key and the broker's data can find persons".into(),
        );
    }
    if profile == Some(Profile::Oprf) && keys.is_some() && table.ctx.errors() == before {
        let at = profile_item.map_or_else(|| table.at.clone(), |item| item.at);
        table.ctx.report(
            warning::NO_KEY_HOLDER,
            at,
            "`oprf` vraagt een sleutelhouder, en die is er nog niet: dit convenant kan niet worden geladen".into(),
            "`oprf` takes a key holder, and there is none yet: this covenant cannot be loaded".into(),
        );
    }
    table.finish();
    Some(MatchKeySpec {
        name: name?,
        kind: kind?,
        keys: keys?,
        profile: profile?,
        phonetic: phonetic?,
        needed: u16::try_from(needed.map_or(Some(1), |(n, _)| n)?).ok()?,
        too_frequent,
    })
}

fn no_effect(item: &Item<'_, '_>) {
    item.ctx.report(
        warning::NO_EFFECT,
        item.key_at(),
        "dit is hetzelfde als deze sleutel weglaten".into(),
        "this is the same as leaving this key out".into(),
    );
}

/// `velden`, or `minstens` and `van`.
fn keys(
    table: &Table<'_, '_>,
    kind: Option<SubjectKind>,
    name: Option<&MatchKeyName>,
) -> Option<Vec<MatchKey>> {
    let family = table.get("van");
    let least = table.get("minstens");
    match (table.get("velden"), family, least) {
        (Some(item), None, None) => {
            let fields = fields(&item, kind)?;
            single_key_rules(&item, &fields, kind?)?;
            Some(vec![key(name?, fields)])
        }
        (None, Some(item), Some(least)) => {
            let fields = fields(&item, kind)?;
            let least_count = least.number(1, 27)?;
            expand(&item, &least, least_count, &fields, kind?, name?)
        }
        (None, Some(_), None) => missing(table, "minstens"),
        (None, None, Some(_)) => missing(table, "van"),
        (None, None, None) => missing(table, "velden"),
        (Some(item), _, _) => {
            item.ctx.report(
                text::INVALID_VALUE,
                item.key_at(),
                "gebruik `velden`, of `minstens` met `van`, en niet allebei".into(),
                "use `velden`, or `minstens` with `van`, and not both".into(),
            );
            None
        }
    }
}

fn missing(table: &Table<'_, '_>, key: &'static str) -> Option<Vec<MatchKey>> {
    table.need(key);
    None
}

fn fields(item: &Item<'_, '_>, kind: Option<SubjectKind>) -> Option<Vec<FieldName>> {
    let before = item.ctx.errors();
    let fields = item.list(|element| {
        let field: FieldName = element.word()?;
        if let Some(kind) = kind
            && !field.fits(kind)
        {
            item.ctx.report(
                meaning::FIELD_MISFIT,
                element.at.clone(),
                format!(
                    "`{}` hoort niet bij soort `{}`",
                    field.as_str(),
                    kind.as_str()
                ),
                format!(
                    "`{}` does not belong to kind `{}`",
                    field.as_str(),
                    kind.as_str()
                ),
            );
            return None;
        }
        Some(field)
    });
    (item.ctx.errors() == before).then_some(fields)
}

fn key(name: &MatchKeyName, fields: Vec<FieldName>) -> MatchKey {
    MatchKey {
        id: MatchKeyId::new(name, &fields),
        fields,
    }
}

fn single_key_rules(item: &Item<'_, '_>, fields: &[FieldName], kind: SubjectKind) -> Option<()> {
    if kind == SubjectKind::Address && !pins_one_address(fields) {
        coarse(item, fields);
        return None;
    }
    if kind != SubjectKind::Person || fields == [FieldName::Bsn] {
        return Some(());
    }
    let report = |lint, nl: &str, en: &str| {
        item.ctx.report(lint, item.at.clone(), nl.into(), en.into());
        None
    };
    if fields.len() == 1 {
        return report(
            meaning::SINGLE_FIELD,
            "op een enkel veld lijken te veel personen op elkaar",
            "by a single field too many persons are alike",
        );
    }
    if attributes(fields) < 3 {
        return report(
            meaning::FEW_FIELDS,
            "deze sleutel heeft minder dan drie verschillende kenmerken",
            "this key has fewer than three different attributes",
        );
    }
    if !fields.iter().any(|f| f.tells_housemates_apart()) {
        return report(
            meaning::HOUSEMATE,
            "deze sleutel houdt huisgenoten niet uit elkaar",
            "this key does not tell housemates apart",
        );
    }
    Some(())
}

/// Whether fields can mean one address only. Whatever else is beside them makes it finer.
fn pins_one_address(fields: &[FieldName]) -> bool {
    use FieldName as F;
    const ENOUGH: [&[FieldName]; 4] = [
        &[F::BagAddress],
        &[F::BagObject],
        &[F::Postcode, F::HouseNumber],
        &[F::Street, F::HouseNumber, F::Place],
    ];
    ENOUGH
        .iter()
        .any(|enough| enough.iter().all(|field| fields.contains(field)))
}

/// Everybody on one street or with one number would be one address.
fn coarse(item: &Item<'_, '_>, fields: &[FieldName]) {
    let fields: Vec<&str> = fields.iter().map(|f| f.as_str()).collect();
    let fields = fields.join(" + ");
    item.ctx.report(
        meaning::FEW_FIELDS,
        item.at.clone(),
        format!("`{fields}` wijst niet een enkel adres aan"),
        format!("`{fields}` does not mean one address only"),
    );
}

/// Every subset of `least` fields in the file's order, less those that may not exist.
fn expand(
    item: &Item<'_, '_>,
    least_item: &Item<'_, '_>,
    least: u32,
    fields: &[FieldName],
    kind: SubjectKind,
    name: &MatchKeyName,
) -> Option<Vec<MatchKey>> {
    let size = usize::try_from(least).ok()?;
    let person = kind == SubjectKind::Person;
    if person && size < 3 {
        least_item.ctx.report(
            meaning::FEW_FIELDS,
            least_item.at.clone(),
            "een persoonssleutel heeft minstens drie kenmerken".into(),
            "a person key has at least three attributes".into(),
        );
        return None;
    }
    if size > fields.len() {
        least_item.invalid(
            "`van` noemt minder velden dan `minstens`",
            "`van` names fewer fields than `minstens`",
        );
        return None;
    }
    if subset_count(fields.len(), size) > MOST_KEYS * 4 {
        return too_many(item);
    }
    let all = subsets(fields, size);
    let different: Vec<Vec<FieldName>> =
        all.into_iter().filter(|s| attributes(s) == size).collect();
    if kind == SubjectKind::Address
        && let Some(wide) = different.iter().find(|s| !pins_one_address(s))
    {
        coarse(item, wide);
        return None;
    }
    let whole = different.len();
    let kept: Vec<Vec<FieldName>> = different
        .into_iter()
        .filter(|s| !person || s.iter().any(|f| f.tells_housemates_apart()))
        .collect();
    if kept.is_empty() {
        item.ctx.report(
            meaning::HOUSEMATE,
            item.at.clone(),
            "geen enkele combinatie houdt huisgenoten uit elkaar".into(),
            "no combination tells housemates apart".into(),
        );
        return None;
    }
    if kept.len() > MOST_KEYS {
        return too_many(item);
    }
    if kept.len() < whole {
        let (dropped, left) = (whole - kept.len(), kept.len());
        item.ctx.report(
            meaning::HOUSEMATE_LEFT_OUT,
            item.at.clone(),
            format!(
                "{dropped} combinaties zonder voornaam of geboortedatum vervallen; {left} blijven"
            ),
            format!(
                "{dropped} combinations without given name or birth date are dropped; {left} remain"
            ),
        );
    }
    Some(kept.into_iter().map(|fields| key(name, fields)).collect())
}

fn too_many(item: &Item<'_, '_>) -> Option<Vec<MatchKey>> {
    item.ctx.report(
        meaning::TOO_MANY_KEYS,
        item.at.clone(),
        format!("deze familie heeft meer dan {MOST_KEYS} sleutels"),
        format!("this family has more than {MOST_KEYS} keys"),
    );
    None
}

/// How many different attributes there are: a name and its sound are one.
fn attributes(fields: &[FieldName]) -> usize {
    use FieldName as F;
    let group = |field: FieldName| match field {
        F::GivenName | F::GivenNameSound | F::Initials | F::Initial => F::GivenName,
        F::Surname | F::SurnameSound | F::SurnameFolded => F::Surname,
        F::BirthDate | F::BirthMonth | F::BirthYear => F::BirthDate,
        F::Street | F::StreetStart => F::Street,
        F::BagAddress | F::BagObject => F::BagAddress,
        other => other,
    };
    let mut groups: Vec<FieldName> = fields.iter().map(|f| group(*f)).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.len()
}

fn subset_count(of: usize, size: usize) -> usize {
    (0..size).fold(1_usize, |count, i| count.saturating_mul(of - i) / (i + 1))
}

/// Every subset of `size`, each in the given order, the first fields first.
fn subsets(fields: &[FieldName], size: usize) -> Vec<Vec<FieldName>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for (at, first) in fields.iter().enumerate() {
        let rest = fields.get(at + 1..).unwrap_or_default();
        for mut subset in subsets(rest, size - 1) {
            subset.insert(0, *first);
            found.push(subset);
        }
    }
    found
}

impl Word for SubjectKind {
    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for FieldName {
    fn all() -> &'static [Self] {
        Self::ALL
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for Phonetic {
    fn all() -> &'static [Self] {
        &[Self::Cologne, Self::Soundex]
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for Profile {
    fn all() -> &'static [Self] {
        &[Self::Hmac, Self::Oprf]
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FieldName as F;

    #[test]
    fn subsets_keep_the_order_of_the_file() {
        let fields = [F::GivenName, F::Surname, F::BirthDate, F::Postcode];
        let found = subsets(&fields, 3);
        assert_eq!(found.len(), subset_count(4, 3));
        assert_eq!(found[0], [F::GivenName, F::Surname, F::BirthDate]);
        assert_eq!(found[3], [F::Surname, F::BirthDate, F::Postcode]);
        assert_eq!(subset_count(6, 3), 20);
        assert_eq!(subset_count(27, 13), 20_058_300);
    }

    #[test]
    fn a_name_and_its_sound_are_one_attribute() {
        assert_eq!(
            attributes(&[F::GivenName, F::GivenNameSound, F::Surname]),
            2
        );
        assert_eq!(attributes(&[F::Initial, F::SurnameSound, F::BirthYear]), 3);
    }
}
