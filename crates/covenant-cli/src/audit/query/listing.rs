//! What a query asks: page by page, and in several questions where one can't hold every pseudonym.

use std::collections::BTreeMap;

use tonic::transport::Channel;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;
use wire::audit_v1::{Entry, EntryFilter, GetConsistencyProofRequest, ListEntriesRequest};
use wire::limit;

use super::proved::Proved;
use super::{Answer, Filter, Query};
use crate::answer::Language;
use crate::audit::entries::Shown;
use crate::audit::export::client;
use crate::connection::told;

/// The entries in the order of the log, each once, whether there are more than asked for, and what
/// proves them.
pub(super) async fn list(
    query: &Query,
    filter: &Filter,
    limit: usize,
    lang: Language,
) -> anyhow::Result<Answer> {
    let mut asking = Asking {
        client: client(&query.broker, &query.credentials)?,
        proved: Proved::by(query.vkey.clone()),
        lang,
    };
    let mut found = Merged::default();
    for question in questions(filter.to_wire(lang)?) {
        asking.proved.asked_again();
        let (entries, more) = asking.pages(&question, limit).await?;
        found.add(entries, more);
    }
    let (entries, more) = found.first(limit);
    let mut proved = asking.proved;
    proved.shown(entries.len());
    Ok(Answer {
        entries,
        more,
        proved,
    })
}

/// A filter as the questions that together ask it. No question has more pseudonyms than the broker
/// takes; everything else is the same in each.
fn questions(filter: EntryFilter) -> Vec<EntryFilter> {
    if filter.subject.len() <= limit::SUBJECT_PSEUDONYMS {
        return vec![filter];
    }
    let parts = filter.subject.chunks(limit::SUBJECT_PSEUDONYMS);
    parts
        .map(|part| EntryFilter {
            subject: part.to_vec(),
            ..filter.clone()
        })
        .collect()
}

/// The entries of several questions by their place: one that is about pseudonyms of two questions
/// is in both answers, and proved in both to stand at that place of one log.
#[derive(Default)]
struct Merged {
    entries: BTreeMap<u64, Entry>,
    more: bool,
}

impl Merged {
    fn add(&mut self, entries: Vec<Entry>, more: bool) {
        self.more |= more;
        for entry in entries {
            self.entries.entry(entry.index).or_insert(entry);
        }
    }

    /// The first ones, and whether there are more. Each question was asked for as many, so that the
    /// first of all of them are among the first of each.
    fn first(self, limit: usize) -> (Vec<Entry>, bool) {
        let more = self.more || self.entries.len() > limit;
        (self.entries.into_values().take(limit).collect(), more)
    }
}

/// One broker, asked once or more.
struct Asking {
    client: DisclosureLogServiceClient<Channel>,
    proved: Proved,
    lang: Language,
}

impl Asking {
    /// The entries that one question finds, page by page, and whether there are more.
    async fn pages(
        &mut self,
        question: &EntryFilter,
        limit: usize,
    ) -> anyhow::Result<(Vec<Entry>, bool)> {
        let lang = self.lang;
        let mut entries: Vec<Entry> = Vec::new();
        let mut page_token = String::new();
        loop {
            let wanted = limit.saturating_sub(entries.len());
            let request = ListEntriesRequest {
                filter: Some(question.clone()),
                page_size: i32::try_from(wanted.min(1000)).unwrap_or(1000),
                page_token,
                with_proofs: true,
            };
            let answer = self.client.list_entries(request).await;
            let page = answer.map_err(|status| told(&status, lang))?.into_inner();
            if let Some((from_size, to_size)) = self.proved.page(&page)? {
                let request = GetConsistencyProofRequest { from_size, to_size };
                let answer = self.client.get_consistency_proof(request).await;
                let answer = answer.map_err(|status| told(&status, lang))?;
                self.proved.grown(&answer.into_inner().consistency_proof)?;
            }
            for entry in &page.entries {
                // Nothing is counted that the hashes do not prove.
                Shown::read(entry)?;
            }
            entries.extend(page.entries);
            page_token = page.next_page_token;
            let more = !page_token.is_empty();
            if !more || entries.len() >= limit {
                return Ok((entries, more));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::audit_v1::SubjectPseudonym;

    use super::*;

    fn filter(pseudonyms: u32) -> EntryFilter {
        let subject = (1..=pseudonyms).map(|epoch| SubjectPseudonym {
            epoch,
            ..SubjectPseudonym::default()
        });
        EntryFilter {
            covenant: "proef".to_owned(),
            subject: subject.collect(),
            ..EntryFilter::default()
        }
    }

    #[test]
    fn every_pseudonym_is_in_one_question_and_no_question_has_too_many() {
        for (pseudonyms, expected) in [
            (0, &[0][..]),
            (1, &[1]),
            (64, &[64]),
            (65, &[64, 1]),
            (200, &[64, 64, 64, 8]),
        ] {
            let asked = questions(filter(pseudonyms));
            let sizes: Vec<usize> = asked.iter().map(|one| one.subject.len()).collect();
            assert_eq!(sizes, expected);
            assert!(asked.iter().all(|one| one.covenant == "proef"));
            let all = asked.into_iter().flat_map(|one| one.subject);
            let epochs: Vec<u32> = all.map(|one| one.epoch).collect();
            assert_eq!(epochs, (1..=pseudonyms).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_several_questions_find_is_told_once_and_in_the_order_of_the_log() {
        let entries = |places: &[u64]| {
            let entry = |index: &u64| Entry {
                index: *index,
                ..Entry::default()
            };
            places.iter().map(entry).collect::<Vec<_>>()
        };
        let merged = |limit| {
            let mut merged = Merged::default();
            merged.add(entries(&[2, 5, 9]), false);
            merged.add(entries(&[1, 5, 7]), false);
            let (all, more) = merged.first(limit);
            (all.iter().map(|e| e.index).collect::<Vec<_>>(), more)
        };
        assert_eq!(merged(9), (vec![1, 2, 5, 7, 9], false));
        assert_eq!(merged(5), (vec![1, 2, 5, 7, 9], false));
        assert_eq!(merged(3), (vec![1, 2, 5], true));
        let mut cut_off = Merged::default();
        cut_off.add(entries(&[1]), true);
        cut_off.add(entries(&[2]), false);
        assert!(cut_off.first(9).1, "one of the questions had more");
    }
}
