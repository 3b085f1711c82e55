//! The desk's calls to the broker, each signed.

use wire::broker_v1 as pb;
use wire::notice::Receipt;
use wire::rights::{LookUpAnswer, LookUpQuestion, PassingOn, RightsAnswer, Unlinking};

use super::client::{Broker, not_welcomed_yet};
use crate::refusal::{Reason, Refused};

impl Broker {
    /// Asks for this party's own entries about data subjects. What comes back is unverified.
    ///
    /// # Errors
    /// As [`Broker::check`].
    pub(crate) async fn look_up(&self, question: LookUpQuestion) -> Result<LookUpAnswer, Refused> {
        let request = question.header.request_id.to_string();
        let signed = self.speaker().sign(&pb::LookUpQuestion::from(question));
        let asked = pb::LookUpRequest {
            question: Some(signed),
        };
        let mut client = wire::client::rights(self.channel());
        let answer = self
            .call("look up", asked, async move |r| client.look_up(r).await)
            .await
            .map_err(not_welcomed_yet)?;
        is_about(&answer.request_id, &request)?;
        LookUpAnswer::try_from(answer).map_err(|malformed| unreadable(&malformed))
    }

    /// Says that a request was answered; gives the proof, unverified.
    ///
    /// # Errors
    /// As [`Broker::check`].
    pub(crate) async fn report_answer(&self, answer: RightsAnswer) -> Result<Receipt, Refused> {
        let request = answer.header.request_id.to_string();
        let signed = self.speaker().sign(&pb::RightsAnswer::from(answer));
        let told = pb::ReportAnswerRequest {
            answer: Some(signed),
        };
        let mut client = wire::client::rights(self.channel());
        let answer = self
            .call("report answer", told, async move |r| {
                client.report_answer(r).await
            })
            .await
            .map_err(not_welcomed_yet)?;
        is_about(&answer.request_id, &request)?;
        read_receipt(answer.receipt)
    }

    /// Has links erased; gives the proof, unverified.
    ///
    /// # Errors
    /// As [`Broker::check`].
    pub(crate) async fn unlink(&self, unlinking: Unlinking) -> Result<Receipt, Refused> {
        let request = unlinking.header.request_id.to_string();
        let signed = self.speaker().sign(&pb::Unlinking::from(unlinking));
        let told = pb::UnlinkRequest {
            unlinking: Some(signed),
        };
        let mut client = wire::client::rights(self.channel());
        let answer = self
            .call("unlink", told, async move |r| client.unlink(r).await)
            .await
            .map_err(not_welcomed_yet)?;
        is_about(&answer.request_id, &request)?;
        read_receipt(answer.receipt)
    }

    /// Passes a request on; gives the proof, unverified.
    ///
    /// # Errors
    /// As [`Broker::check`].
    pub(crate) async fn pass_on(&self, passing: PassingOn) -> Result<Receipt, Refused> {
        let request = passing.header.request_id.to_string();
        let signed = self.speaker().sign(&pb::PassingOn::from(passing));
        let told = pb::PassOnRequest {
            passing: Some(signed),
        };
        let mut client = wire::client::rights(self.channel());
        let answer = self
            .call("pass on", told, async move |r| client.pass_on(r).await)
            .await
            .map_err(not_welcomed_yet)?;
        is_about(&answer.request_id, &request)?;
        read_receipt(answer.receipt)
    }
}

fn is_about(answered: &str, asked: &str) -> Result<(), Refused> {
    if answered == asked {
        return Ok(());
    }
    tracing::error!("the broker answered another request");
    Err(Reason::ReceiptInvalid.into())
}

fn read_receipt(receipt: Option<wire::type_v1::Receipt>) -> Result<Receipt, Refused> {
    let receipt = receipt.ok_or_else(|| Refused::from(Reason::ReceiptInvalid))?;
    Receipt::try_from(receipt).map_err(|malformed| unreadable(&malformed))
}

fn unreadable(malformed: &wire::Malformed) -> Refused {
    tracing::error!(%malformed, "the broker's answer can't be read");
    Reason::ReceiptInvalid.into()
}
