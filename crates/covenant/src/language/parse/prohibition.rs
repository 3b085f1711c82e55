//! `[[verbod]]`.

use model::{PurposeId, RoleRef};

use crate::language::ast::{Prohibition, Selection};
use crate::language::parse::Names;
use crate::language::reader::{Item, Table};
use crate::lint::{text, warning};

pub(super) fn prohibition(table: Table<'_, '_>, names: &Names<'_>) -> Option<Prohibition> {
    let number = table.need("nummer").and_then(|i| i.name());
    let title = table.need("titel").and_then(|i| i.owned());
    let to = table.need("aan").and_then(|i| roles(&i, names));
    let purpose = purpose(table.get("doel"), names);
    let from = optional(table.get("van"), |i| names.party(i));
    let about = optional(table.get("over"), |i| names.signal(i));
    let shows = table.need("toont").and_then(|i| selection(&i, Item::word));
    table.finish();
    Some(Prohibition {
        number: number?,
        title: title?,
        to: to?,
        purpose: purpose?,
        from: from?,
        about: about?,
        shows: shows?,
    })
}

fn optional<'c, 'i, T: Ord + Clone>(
    item: Option<Item<'c, 'i>>,
    read: impl Fn(&Item<'c, 'i>) -> Option<T>,
) -> Option<Selection<T>> {
    let Some(item) = item else {
        return Some(Selection::All);
    };
    let selection = selection(&item, read);
    if matches!(selection, Some(Selection::All)) {
        no_effect(&item);
    }
    selection
}

/// A purpose, as in a clause.
fn purpose(item: Option<Item<'_, '_>>, names: &Names<'_>) -> Option<Selection<PurposeId>> {
    let Some(item) = item else {
        return Some(Selection::All);
    };
    if item.text()? == "*" {
        no_effect(&item);
        return Some(Selection::All);
    }
    Some(Selection::Only(vec![names.purpose(&item)?]))
}

fn no_effect(item: &Item<'_, '_>) {
    item.ctx.report(
        warning::NO_EFFECT,
        item.key_at(),
        "`*` is hetzelfde als deze sleutel weglaten".into(),
        "`*` is the same as leaving this key out".into(),
    );
}

/// A list of names or words, or `["*"]`.
fn selection<'c, 'i, T: Ord + Clone>(
    item: &Item<'c, 'i>,
    read: impl Fn(&Item<'c, 'i>) -> Option<T>,
) -> Option<Selection<T>> {
    let elements = item.elements()?;
    if let [only] = elements.as_slice()
        && only.text()? == "*"
    {
        return Some(Selection::All);
    }
    let list = item.list(read);
    (!list.is_empty()).then_some(Selection::Only(list))
}

/// Roles, `<party>.*` for all roles of a party, or `*`.
fn roles(item: &Item<'_, '_>, names: &Names<'_>) -> Option<Selection<RoleRef>> {
    let lists = selection(item, |element| {
        let word = element.text()?;
        let Some(party) = word.strip_suffix(".*") else {
            return names.role(element).map(|role| vec![role]);
        };
        if !names.parties.contains(&party) {
            element.unknown_reference(party, "onbekende partij", "party", &names.parties);
            return None;
        }
        let prefix = format!("{party}.");
        let all = names.roles.iter().filter(|r| r.starts_with(&prefix));
        Some(all.filter_map(|r| RoleRef::parse(r).ok()).collect())
    })?;
    let Selection::Only(lists) = lists else {
        return Some(Selection::All);
    };
    let mut roles: Vec<RoleRef> = Vec::new();
    for role in lists.into_iter().flatten() {
        if roles.contains(&role) {
            item.ctx.report(
                text::DOUBLE_WORD,
                item.at.clone(),
                format!("de rol `{role}` staat hier twee keer"),
                format!("the role `{role}` is here twice"),
            );
        } else {
            roles.push(role);
        }
    }
    Some(Selection::Only(roles))
}
