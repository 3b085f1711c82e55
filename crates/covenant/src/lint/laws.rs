//! Whether a law, an exception or a nature fits whoever uses it.

use crate::language::clause::LegalBasis;
use crate::language::parse::DraftClause;
use crate::language::places::{Step, steps};
use crate::language::words::{Nature, PartyKind};
use crate::lint::bases::{Direction, of_exemptions, recipients};
use crate::lint::{Rules, law, warning};
use crate::vocabulary::law::{Exemption, Law};
use crate::vocabulary::taxonomy;

pub(super) fn run(rules: &Rules<'_>) {
    for draft in &rules.draft.clauses {
        laws(rules, draft);
        if draft.bases_clean {
            exceptions(rules, draft);
        }
    }
    natures(rules);
    bibob(rules);
}

fn laws(rules: &Rules<'_>, draft: &DraftClause) {
    let bases = &draft.clause.bases;
    let own = [
        ("verstrekken", &bases.supply),
        ("ontvangen", &bases.receive),
    ];
    for (key, bases) in own {
        for (party, basis) in bases {
            let path = steps![
                "regel",
                draft.index,
                "grondslag",
                key,
                party.as_str(),
                "wet"
            ];
            fits(rules, path, rules.kind(party), basis);
        }
    }
    if let Some(report) = &bases.report_to_source {
        let back = [
            ("verstrekken", &report.supply),
            ("ontvangen", &report.receive),
        ];
        for (key, bases) in back {
            for (party, basis) in bases {
                let path = steps![
                    "regel",
                    draft.index,
                    "grondslag",
                    "melden_aan_bron",
                    key,
                    party.as_str(),
                    "wet"
                ];
                fits(rules, path, rules.kind(party), basis);
            }
        }
    }
}

fn fits(rules: &Rules<'_>, path: &[Step<'_>], kind: Option<PartyKind>, basis: &LegalBasis) {
    let (Some(kind), Some(named)) = (kind, &basis.law) else {
        return;
    };
    let law = named.law;
    if law == Law::Wgs {
        rules.at(
            warning::LAW_MISFIT,
            path,
            "de WGS geldt alleen voor vier samenwerkingen die zij noemt: iCOV, RIEC, FEC en ZVH"
                .into(),
            "the WGS is only for the four partnerships that it names: iCOV, RIEC, FEC and ZVH"
                .into(),
        );
    } else if !gives_task(law, kind) {
        rules.at(
            warning::LAW_MISFIT,
            path,
            format!("`{law}` geeft een partij van de soort `{kind}` geen taak"),
            format!("`{law}` gives a party of the kind `{kind}` no task"),
        );
    }
}

/// Whether a law gives a kind of party a task or a duty. Only laws that are for one kind of body
/// are held to it.
const fn gives_task(law: Law, kind: PartyKind) -> bool {
    use PartyKind as K;
    match law {
        Law::Gemeentewet => matches!(kind, K::Municipality),
        Law::Provinciewet => matches!(kind, K::Province),
        Law::Waterschapswet => matches!(kind, K::WaterAuthority),
        Law::Politiewet => matches!(kind, K::Police | K::Prosecution | K::Municipality),
        Law::Strafvordering => kind.is_criminal_justice(),
        Law::Bibob => kind.is_public(),
        Law::Arbo
        | Law::Woningwet
        | Law::Huisvestingswet
        | Law::Wbmgp
        | Law::GoedVerhuurderschap
        | Law::BurgerlijkWetboek
        | Law::Wmo
        | Law::Jeugdwet
        | Law::Wvggz
        | Law::Wkkgz
        | Law::Wgbo
        | Law::Wpg
        | Law::Veiligheidsregios
        | Law::Omgevingswet
        | Law::Opiumwet
        | Law::Wgs
        | Law::Brp => true,
    }
}

/// Exceptions that hold only beside something else.
fn exceptions(rules: &Rules<'_>, draft: &DraftClause) {
    let about = |nature| {
        draft.clause.about.iter().any(|id| {
            let signal = rules.draft.signals.get(id);
            signal.is_some_and(|s| s.nature == nature)
        })
    };
    for direction in [Direction::Supply, Direction::Receive] {
        for (party, list) in of_exemptions(draft, direction) {
            for exemption in list {
                let told = match exemption {
                    Exemption::Uavg23c if !about(Nature::Criminal) => Some((
                        "dit geldt naast strafrechtelijke gegevens, en die zijn er niet",
                        "this holds beside criminal data, and there is none",
                    )),
                    Exemption::Uavg33_1c if !about(Nature::Special) => Some((
                        "dit geldt naast gegevens over gezondheid, en die zijn er niet",
                        "this holds beside health data, and there is none",
                    )),
                    Exemption::Uavg33_4c => Some((
                        "dit vraagt een vergunning van de Autoriteit Persoonsgegevens (UAVG 33.5)",
                        "this takes a licence of the supervisory authority (UAVG 33.5)",
                    )),
                    _ => None,
                };
                if let Some((nl, en)) = told {
                    rules.at_exemption(
                        warning::EXEMPTION_MISFIT,
                        draft,
                        (direction, party),
                        *exemption,
                        format!("`{exemption}`: {nl}"),
                        format!("`{exemption}`: {en}"),
                    );
                }
            }
        }
    }
}

/// What a code means may be heavier than the nature that the signal says it has.
fn natures(rules: &Rules<'_>) {
    for signal in rules.draft.signals.values() {
        for code in &signal.codes {
            let Some(nature) = taxonomy::usual_nature(code.as_str()) else {
                continue;
            };
            if signal.nature == Nature::Ordinary {
                rules.at_word(
                    warning::NATURE_MISFIT,
                    steps!["signaal", signal.id.as_str(), "codes"],
                    code.as_str(),
                    format!("`{code}` is meestal een {nature} gegeven, en `aard` is gewoon"),
                    format!("`{code}` is mostly {nature} data, and `aard` is gewoon"),
                );
            }
        }
        let barred = |p: &&model::PartyId| rules.kind(p).is_some_and(|k| !k.may_have_bibob());
        if let (Nature::Bibob, Some(party)) = (signal.nature, signal.sources.iter().find(barred)) {
            rules.at_word(
                law::BIBOB,
                steps!["signaal", signal.id.as_str(), "bron"],
                party.as_str(),
                format!("`{party}` mag geen Bibob-advies hebben, en kan het dus niet insturen"),
                format!("`{party}` may not have Bibob advice, so it cannot push it"),
            );
        }
    }
}

fn bibob(rules: &Rules<'_>) {
    for draft in &rules.draft.clauses {
        for signal in &draft.clause.about {
            let is_bibob = rules
                .draft
                .signals
                .get(signal)
                .is_some_and(|s| s.nature == Nature::Bibob);
            let barred = recipients(draft)
                .into_iter()
                .find(|p| rules.kind(p).is_some_and(|k| !k.may_have_bibob()));
            if let (true, Some(party)) = (is_bibob, barred) {
                rules.at_word(
                    law::BIBOB,
                    steps!["regel", draft.index, "over"],
                    signal.as_str(),
                    format!("`{party}` mag geen Bibob-advies krijgen"),
                    format!("`{party}` may not get Bibob advice"),
                );
            }
        }
    }
}
