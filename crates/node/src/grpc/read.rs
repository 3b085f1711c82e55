//! Messages of partner systems and case handlers, read into drafts. Nothing is judged here.

use model::{Certainty, PoliceArticle, Protection, ProtectionStatement};
use prost::Message as _;
use pseudonym::{
    RawAccount, RawAddress, RawAddressAbroad, RawContact, RawIdentifier, RawOrganisation,
    RawPerson, RawSubject, RawVehicle,
};
use wire::{field, node_v1 as pb, type_v1, word};

use crate::checks::Visit;
use crate::intake::{
    Choice, Draft, Filter, Provenance, State, SubjectDraft, Submission, Withdrawal,
};

/// Reads one submission. The content that is kept is the signal alone, with its id in the canonical
/// spelling of a UUID: the same signal in capitals is no other signal.
pub(crate) fn submission(
    request_id: String,
    mut signal: Option<pb::Signal>,
    validate_only: bool,
) -> Submission {
    if let Some(signal) = &mut signal {
        signal.id.make_ascii_lowercase();
    }
    let content = signal
        .as_ref()
        .map(pb::Signal::encode_to_vec)
        .unwrap_or_default();
    Submission {
        request_id,
        draft: signal.map(draft),
        content,
        validate_only,
    }
}

/// Reads a withdrawal.
pub(crate) fn withdrawal(request: pb::WithdrawSignalRequest) -> Withdrawal {
    let pb::WithdrawSignalRequest {
        request_id,
        signal_id,
        reason,
        validate_only,
    } = request;
    let reason = choice(reason, |reason: type_v1::WithdrawalReason| {
        word::withdrawal_reason(reason.into(), "reason").ok()
    });
    Withdrawal {
        request_id,
        signal_id,
        reason,
        validate_only,
    }
}

/// Reads a filter of one's own signals.
pub(crate) fn filter(request: pb::ListSignalsRequest) -> Filter {
    let pb::ListSignalsRequest {
        covenant,
        state,
        observed_from,
        observed_until,
        page_size,
        page_token,
    } = request;
    let day = |date: Option<type_v1::Date>| {
        date.map(|date| field::day(Some(date), "day").map_err(|_| ()))
    };
    Filter {
        covenant,
        state: choice(state, |state| match state {
            pb::SignalState::Unspecified | pb::SignalState::Restricted => None,
            pb::SignalState::Queued => Some(State::Queued),
            pb::SignalState::Delivered => Some(State::Delivered),
            pb::SignalState::Refused => Some(State::Refused),
            pb::SignalState::Withdrawn => Some(State::Withdrawn),
            pb::SignalState::Expired => Some(State::Expired),
        }),
        observed_from: day(observed_from),
        observed_until: day(observed_until),
        page_size,
        page_token,
    }
}

/// Reads a question.
pub(crate) fn visit(request: pb::CheckVisitRequest, content: Vec<u8>) -> Visit {
    let pb::CheckVisitRequest {
        request_id,
        covenant,
        purpose,
        actor,
        role,
        file_number,
        reason,
        subject: about,
    } = request;
    Visit {
        request_id,
        covenant,
        purpose,
        actor,
        role,
        file_number,
        reason,
        subject: about.map(subject),
        content,
    }
}

/// Reads a signal.
pub(crate) fn draft(signal: pb::Signal) -> Draft {
    let pb::Signal {
        id,
        covenant,
        purposes,
        category,
        subjects,
        observed_at,
        neighbourhood,
        certainty,
        reviewed_by_person,
        provenance,
        attributes,
        police_article,
        source_reference,
    } = signal;
    Draft {
        id,
        covenant,
        purposes,
        category: category.map(|c| (c.scheme, c.code)),
        subjects: subjects.into_iter().map(subject).collect(),
        observed_at: observed_at.map(|at| field::instant(Some(at), "").map_err(|_| ())),
        neighbourhood,
        certainty: choice(certainty, |c| match c {
            type_v1::Certainty::Unspecified => None,
            type_v1::Certainty::Reported => Some(Certainty::Reported),
            type_v1::Certainty::Confirmed => Some(Certainty::Confirmed),
        }),
        reviewed_by_person,
        provenance: choice(provenance, |p| match p {
            pb::Provenance::Unspecified => None,
            pb::Provenance::OwnObservation => Some(Provenance::OwnObservation),
            pb::Provenance::Received => Some(Provenance::Received),
        }),
        attributes: attributes.into_iter().map(|a| (a.name, a.value)).collect(),
        police_article: choice(police_article, |a| match a {
            type_v1::PoliceArticle::Unspecified => None,
            type_v1::PoliceArticle::PoliceArticle8 => Some(PoliceArticle::Art8),
            type_v1::PoliceArticle::PoliceArticle9 => Some(PoliceArticle::Art9),
            type_v1::PoliceArticle::PoliceArticle10 => Some(PoliceArticle::Art10),
            type_v1::PoliceArticle::PoliceArticle13 => Some(PoliceArticle::Art13),
        }),
        source_reference,
    }
}

/// Reads one subject.
pub(crate) fn subject(subject: pb::Subject) -> SubjectDraft {
    let pb::Subject { protections, kind } = subject;
    SubjectDraft {
        raw: kind.map(raw),
        protections: protections.into_iter().map(statement).collect(),
    }
}

/// What a number of an open enum means: nothing said, one of ours, or unknown to us.
pub(crate) fn choice<E: TryFrom<i32>, T>(
    number: i32,
    known: impl FnOnce(E) -> Option<T>,
) -> Choice<T> {
    match E::try_from(number) {
        Ok(value) => known(value).map_or(Choice::Unspecified, Choice::Is),
        Err(_) => Choice::Unknown,
    }
}

fn statement(
    statement: pb::ProtectionStatement,
) -> (Choice<Protection>, Choice<ProtectionStatement>) {
    let protection = choice(statement.protection, |p| match p {
        pb::Protection::Unspecified => None,
        pb::Protection::Minor => Some(Protection::Minor),
        pb::Protection::ShieldedAddress => Some(Protection::ShieldedAddress),
    });
    let attestation = choice(statement.attestation, |a| match a {
        type_v1::Attestation::Unspecified => None,
        type_v1::Attestation::Unknown => Some(ProtectionStatement::Unknown),
        type_v1::Attestation::Absent => Some(ProtectionStatement::Absent),
        type_v1::Attestation::Present => Some(ProtectionStatement::Present),
    });
    (protection, attestation)
}

fn raw(kind: pb::subject::Kind) -> RawSubject {
    match kind {
        pb::subject::Kind::Person(p) => person(p).into(),
        pb::subject::Kind::Address(a) => address(a).into(),
        pb::subject::Kind::AddressAbroad(a) => address_abroad(a).into(),
        pb::subject::Kind::Organisation(o) => {
            let pb::Organisation { kvk, rsin, branch } = o;
            RawOrganisation {
                kvk: text(kvk),
                rsin: text(rsin),
                branch: text(branch),
            }
            .into()
        }
        pb::subject::Kind::Vehicle(pb::Vehicle { plate }) => {
            RawVehicle { plate: text(plate) }.into()
        }
        pb::subject::Kind::Contact(pb::Contact { phone }) => {
            RawContact { phone: text(phone) }.into()
        }
        pb::subject::Kind::Account(pb::Account { iban }) => RawAccount { iban: text(iban) }.into(),
    }
}

fn person(person: pb::Person) -> RawPerson {
    let pb::Person {
        bsn,
        given_names,
        initials,
        surname,
        prefix,
        partner_surname,
        partner_prefix,
        name_use,
        birth_date,
        residence,
    } = person;
    let (home, abroad) = match residence {
        None => (None, None),
        Some(pb::person::Residence::Address(a)) => (Some(address(a)), None),
        Some(pb::person::Residence::AddressAbroad(a)) => (None, Some(address_abroad(a))),
    };
    RawPerson {
        bsn: text(bsn),
        given_names: text(given_names),
        initials: text(initials),
        surname: text(surname),
        prefix: text(prefix),
        partner_surname: text(partner_surname),
        partner_prefix: text(partner_prefix),
        name_use: name_use_letter(name_use),
        birth_date: birth_date.map(|d| RawIdentifier::date(d.year, d.month, d.day)),
        address: home,
        address_abroad: abroad,
    }
}

/// The letter of the population register; one that no rule knows for a number unknown to us, so
/// that the check refuses it.
fn name_use_letter(number: i32) -> Option<RawIdentifier> {
    let letter = match pb::NameUse::try_from(number) {
        Ok(pb::NameUse::Unspecified) => return None,
        Ok(pb::NameUse::Own) => "E",
        Ok(pb::NameUse::Partner) => "P",
        Ok(pb::NameUse::PartnerOwn) => "V",
        Ok(pb::NameUse::OwnPartner) => "N",
        Err(_) => "?",
    };
    Some(letter.into())
}

fn address(address: pb::Address) -> RawAddress {
    let pb::Address {
        postcode,
        house_number,
        house_letter,
        addition,
        indication,
        street,
        place,
        bag_address,
        bag_object,
    } = address;
    RawAddress {
        postcode: text(postcode),
        house_number: text(house_number),
        house_letter: text(house_letter),
        addition: text(addition),
        indication: text(indication),
        street: text(street),
        place: text(place),
        bag_address: text(bag_address),
        bag_object: text(bag_object),
    }
}

fn address_abroad(address: pb::AddressAbroad) -> RawAddressAbroad {
    let pb::AddressAbroad {
        country,
        postcode,
        house_number,
        street,
        place,
    } = address;
    RawAddressAbroad {
        postcode: text(postcode),
        house_number: text(house_number),
        street: text(street),
        place: text(place),
        country: text(country),
    }
}

fn text(text: String) -> Option<RawIdentifier> {
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_in_capitals_is_the_same_signal() {
        let signal = |id: &str| {
            Some(pb::Signal {
                id: id.to_owned(),
                ..pb::Signal::default()
            })
        };
        let id = "01993a5c-7e1b-7abc-8def-0123456789ab";
        let plain = submission("r".to_owned(), signal(id), false);
        let capitals = submission("r".to_owned(), signal(&id.to_uppercase()), false);
        assert_eq!(capitals.content, plain.content);
        assert_eq!(capitals.draft, plain.draft);
    }

    #[test]
    fn a_number_we_do_not_know_is_not_the_same_as_nothing() {
        let read = |number| {
            choice(number, |c: type_v1::Certainty| match c {
                type_v1::Certainty::Unspecified => None,
                type_v1::Certainty::Reported => Some(1),
                type_v1::Certainty::Confirmed => Some(2),
            })
        };
        assert_eq!(read(0), Choice::Unspecified);
        assert_eq!(read(2), Choice::Is(2));
        assert_eq!(read(99), Choice::Unknown);
    }
}
