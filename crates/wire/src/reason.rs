//! Every reason for which a node or the broker refuses: one catalogue, of which `docs/errors.md`
//! is the printed form.

use tonic::Code;

/// Who can take the cause away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Actor {
    /// Whoever made the call: the partner system or the person behind it.
    Caller,
    /// Nobody but time: try again later.
    Time,
    /// The operator of the party's node.
    NodeOperator,
    /// The operator of the broker.
    BrokerOperator,
    /// Whoever decides about the covenant, such as the privacy officer.
    CovenantOwner,
}

impl Actor {
    /// The words of the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "the caller",
            Self::Time => "nobody: try again later",
            Self::NodeOperator => "the operator of the node",
            Self::BrokerOperator => "the operator of the broker",
            Self::CovenantOwner => "whoever decides about the covenant",
        }
    }
}

// A closed list, so that every reason has its status, its actor and both texts.
macro_rules! reasons {
    ($($name:ident = $code:literal, $status:ident, $actor:ident,
        $en:literal, $nl:literal;)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Reason {
            $(#[doc = $en] $name,)*
        }

        impl Reason {
            /// Every reason, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reason for machines, `UPPER_SNAKE`. It never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The status that it comes with.
            #[must_use]
            pub const fn code(self) -> Code {
                match self { $(Self::$name => Code::$status,)* }
            }

            /// Who can take the cause away.
            #[must_use]
            pub const fn actor(self) -> Actor {
                match self { $(Self::$name => Actor::$actor,)* }
            }

            /// Cause and remedy in English.
            #[must_use]
            pub const fn message_en(self) -> &'static str {
                match self { $(Self::$name => $en,)* }
            }

            /// Cause and remedy in Dutch, level B1.
            #[must_use]
            pub const fn message_nl(self) -> &'static str {
                match self { $(Self::$name => $nl,)* }
            }
        }
    };
}

reasons! {
    // The message itself.
    FieldRequired = "FIELD_REQUIRED", InvalidArgument, Caller,
        "a field is empty; fill it in",
        "een veld is leeg; vul het in";
    FieldInvalid = "FIELD_INVALID", InvalidArgument, Caller,
        "a field is wrong; the violations name it, its rule and the remedy",
        "een veld klopt niet; bij de velden staat welke regel geldt en wat u kunt doen";
    ProvenanceRefused = "PROVENANCE_REFUSED", InvalidArgument, Caller,
        "only what your organisation observed itself may be shared; leave out what you got from another",
        "u mag alleen delen wat uw organisatie zelf heeft gezien; laat weg wat u van een ander kreeg";
    BatchTooLarge = "BATCH_TOO_LARGE", InvalidArgument, Caller,
        "a batch holds 1 to 1,000 items; send more batches",
        "een zending heeft 1 tot 1.000 onderdelen; verdeel ze over meer zendingen";
    MessageTooLarge = "MESSAGE_TOO_LARGE", ResourceExhausted, Caller,
        "the message is larger than 4 MiB; send it in smaller pieces",
        "het bericht is groter dan 4 MiB; stuur het in kleinere stukken";
    MethodUnknown = "METHOD_UNKNOWN", Unimplemented, Caller,
        "there is no such method here; check its name, and that this is the port for it",
        "deze methode is er hier niet; controleer de naam, en of dit de poort ervoor is";
    CompressionUnknown = "COMPRESSION_UNKNOWN", Unimplemented, Caller,
        "the message is compressed in a way that is not taken here; send it without compression",
        "het bericht is ingepakt op een manier die hier niet wordt gelezen; stuur het zonder compressie";
    PageTokenInvalid = "PAGE_TOKEN_INVALID", InvalidArgument, Caller,
        "this page token does not go with these filters; begin again without a token",
        "dit paginakenmerk hoort niet bij deze filters; begin opnieuw zonder kenmerk";
    RequestIdReused = "REQUEST_ID_REUSED", AlreadyExists, Caller,
        "another request was made under this request id; use a fresh UUID for every request",
        "onder dit nummer is al een ander verzoek gedaan; gebruik voor elk verzoek een nieuw UUID";
    AnswerGone = "ANSWER_GONE", FailedPrecondition, Caller,
        "the answer to this request was recalled or may not be kept any longer; ask again under a new request id",
        "het antwoord op dit verzoek is teruggeroepen of mag niet langer worden bewaard; vraag het opnieuw onder een nieuw nummer";
    SignalIdReused = "SIGNAL_ID_REUSED", AlreadyExists, Caller,
        "another signal has this id; use a fresh UUID for every signal",
        "een ander signaal heeft dit nummer al; gebruik voor elk signaal een nieuw UUID";
    NotFound = "NOT_FOUND", NotFound, Caller,
        "your party has no such thing; check the id",
        "uw partij heeft dit niet; controleer het nummer";

    // Who calls.
    NoCertificate = "NO_CERTIFICATE", Unauthenticated, Caller,
        "no client certificate was shown; connect with the one that your operator gave you",
        "er is geen certificaat getoond; maak verbinding met het certificaat van uw beheerder";
    CertificateRefused = "CERTIFICATE_REFUSED", Unauthenticated, Caller,
        "the client certificate names no organisation; ask your operator for one with an OIN",
        "het certificaat noemt geen organisatie; vraag uw beheerder om een certificaat met een OIN";
    OtherOrganisation = "OTHER_ORGANISATION", PermissionDenied, Caller,
        "this node serves its own party only; connect to the node of your organisation",
        "dit knooppunt werkt alleen voor de eigen partij; gebruik het knooppunt van uw organisatie";
    NotAParty = "NOT_A_PARTY", PermissionDenied, CovenantOwner,
        "your organisation is no party of this covenant; ask who decides about it to let you join",
        "uw organisatie doet niet mee aan dit convenant; vraag wie erover gaat om mee te mogen doen";
    PartyNotYours = "PARTY_NOT_YOURS", PermissionDenied, NodeOperator,
        "the message names another party than the certificate; correct the node's party or certificate",
        "het bericht noemt een andere partij dan het certificaat; verbeter de partij of het certificaat van het knooppunt";
    RoleNotYours = "ROLE_NOT_YOURS", PermissionDenied, Caller,
        "your certificate does not have this role; ask in a role that you have, or ask your operator for it",
        "uw certificaat heeft deze rol niet; vraag in een rol die u wel hebt, of vraag uw beheerder om deze rol";
    AuditorOnly = "AUDITOR_ONLY", PermissionDenied, Caller,
        "only a party or an auditor of a covenant may read this log; ask the auditor that the covenant names",
        "alleen een partij of een toezichthouder van een convenant mag dit logboek lezen; vraag het de toezichthouder in het convenant";

    // The covenant.
    CovenantUnknown = "COVENANT_UNKNOWN", FailedPrecondition, Caller,
        "there is no such covenant here; check its id, or have your operator load it",
        "dit convenant is hier niet bekend; controleer de naam, of laat uw beheerder het laden";
    CovenantNotActive = "COVENANT_NOT_ACTIVE", FailedPrecondition, CovenantOwner,
        "the covenant is not in force now; see its dates, signatures and suspensions",
        "het convenant geldt nu niet; bekijk de datums, handtekeningen en schorsingen";
    CovenantDiffers = "COVENANT_DIFFERS", FailedPrecondition, NodeOperator,
        "the node works by another file of this covenant than the broker; load the version that all parties signed",
        "het knooppunt gebruikt een andere tekst van dit convenant dan de makelaar; laad de versie die iedereen tekende";
    CovenantRefused = "COVENANT_REFUSED", InvalidArgument, CovenantOwner,
        "the covenant can't be taken as it is; mend what the message names, and propose it again",
        "dit convenant kan zo niet worden aangenomen; verbeter wat de melding noemt en stel het opnieuw voor";
    EnvelopeRefused = "ENVELOPE_REFUSED", InvalidArgument, CovenantOwner,
        "what was signed does not hold for this covenant; mend what the message names, and sign again",
        "wat u tekende geldt niet voor dit convenant; verbeter wat de melding noemt en teken opnieuw";
    TooManyProposals = "TOO_MANY_PROPOSALS", ResourceExhausted, CovenantOwner,
        "your party has as many open proposals as it may, or signed as much over this version; see those through first",
        "uw partij heeft al het hoogste aantal open voorstellen, of tekende al te vaak over deze versie; rond die eerst af";
    PurposeUnknown = "PURPOSE_UNKNOWN", FailedPrecondition, Caller,
        "the covenant has no such purpose; choose one that it names",
        "het convenant kent dit doel niet; kies een doel dat erin staat";
    CategoryUnknown = "CATEGORY_UNKNOWN", FailedPrecondition, Caller,
        "the covenant lists no such category; choose one that it names, or leave the signal out",
        "het convenant noemt deze categorie niet; kies een andere, of deel dit signaal niet";
    CategoryNotYours = "CATEGORY_NOT_YOURS", PermissionDenied, CovenantOwner,
        "your party may not share this category under the covenant; leave the signal out",
        "uw partij mag deze categorie niet delen onder het convenant; deel dit signaal niet";
    SignalExpired = "SIGNAL_EXPIRED", FailedPrecondition, Caller,
        "the signal is older than the covenant lets it live; do not share it",
        "het signaal is ouder dan het convenant toestaat; deel het niet";
    SignalWithdrawn = "SIGNAL_WITHDRAWN", FailedPrecondition, Caller,
        "the signal was withdrawn and stays so; submit a new one under a fresh id",
        "het signaal is ingetrokken en blijft dat; dien een nieuw signaal in met een nieuw nummer";
    MatchKeyUnknown = "MATCH_KEY_UNKNOWN", FailedPrecondition, NodeOperator,
        "the covenant does not declare this match key; load the version that all parties signed",
        "het convenant kent deze vergelijking niet; laad de versie die iedereen tekende";

    // Asking.
    QuestionNotAllowed = "QUESTION_NOT_ALLOWED", PermissionDenied, Caller,
        "no clause lets this role ask for this purpose; ask a colleague whose role may",
        "U mag dit niet opvragen: geen bepaling geeft deze rol dit doel; vraag een collega die dat wel mag";
    FileNumberMissing = "FILE_NUMBER_MISSING", FailedPrecondition, Caller,
        "the clause asks for a file number; give the number of the appointment or file",
        "U mag dit niet opvragen zonder dossiernummer; vul het nummer van de afspraak of het dossier in";
    ReasonMissing = "REASON_MISSING", FailedPrecondition, Caller,
        "the clause asks for a reason; write down why you ask",
        "U mag dit niet opvragen zonder reden; schrijf op waarom u het vraagt";
    LoginLevelTooLow = "LOGIN_LEVEL_TOO_LOW", PermissionDenied, Caller,
        "the clause asks for a stronger login; log in at the level that it names",
        "U mag dit niet opvragen met deze manier van inloggen; log in op het niveau dat het convenant vraagt";
    LimitReached = "LIMIT_REACHED", ResourceExhausted, Time,
        "the number of questions that the clause allows is used up; ask again when the period is over",
        "het aantal vragen dat het convenant toestaat is op; vraag het opnieuw als de periode voorbij is";

    // The desk.
    SecondEmployeeNeeded = "SECOND_EMPLOYEE_NEEDED", PermissionDenied, Caller,
        "two employees work on a case, and this step is for the other one; ask a colleague to do it",
        "aan een zaak werken twee medewerkers en deze stap is voor de ander; vraag het een collega";
    CaseNotReady = "CASE_NOT_READY", FailedPrecondition, Caller,
        "the case does not stand so that this can be done; see how it stands, and do the step before it",
        "de zaak is nog niet of niet meer zo ver; bekijk hoe de zaak ervoor staat en doe eerst de stap ervoor";

    // Between node and broker.
    SignatureInvalid = "SIGNATURE_INVALID", PermissionDenied, NodeOperator,
        "the signature is not that of the key which the parties pinned; check the node's signing key",
        "de handtekening past niet bij de vastgelegde sleutel; controleer de sleutel van het knooppunt";
    AudienceWrong = "AUDIENCE_WRONG", PermissionDenied, NodeOperator,
        "the message was signed for another broker; correct the broker's OIN in the node's configuration",
        "het bericht is getekend voor een andere makelaar; verbeter het OIN van de makelaar in de instellingen";
    StatementExpired = "STATEMENT_EXPIRED", FailedPrecondition, NodeOperator,
        "the signed message is past its time; sign it again",
        "het getekende bericht is verlopen; teken het opnieuw";
    ClockSkew = "CLOCK_SKEW", FailedPrecondition, NodeOperator,
        "the node's clock differs more than 120 seconds from the broker's; set the clock",
        "de klok van het knooppunt loopt meer dan 120 seconden anders dan die van de makelaar; zet de klok goed";
    Replayed = "REPLAYED", AlreadyExists, NodeOperator,
        "this signed message was taken before; sign a new one",
        "dit getekende bericht is al eerder aangenomen; teken een nieuw bericht";
    HelloRequired = "HELLO_REQUIRED", FailedPrecondition, NodeOperator,
        "the node did not say hello for this covenant; connect first",
        "het knooppunt heeft zich voor dit convenant niet gemeld; maak eerst verbinding";
    EpochUnknown = "EPOCH_UNKNOWN", FailedPrecondition, NodeOperator,
        "this epoch of the covenant key is not in use; use one that the parties confirmed",
        "deze periode van de convenantsleutel is niet in gebruik; gebruik een periode die alle partijen bevestigden";
    KeyMissing = "KEY_MISSING", FailedPrecondition, NodeOperator,
        "the node does not hold the covenant key; open the key that was sealed for it",
        "het knooppunt heeft de convenantsleutel niet; open de sleutel die ervoor verzegeld is";
    KeyWaiting = "KEY_WAITING", FailedPrecondition, Time,
        "the maker of the key has not announced it yet; what was sent waits",
        "de maker van de sleutel heeft hem nog niet aangekondigd; wat u stuurde wacht";
    KeyMismatch = "KEY_MISMATCH", FailedPrecondition, NodeOperator,
        "the node's probes differ from the reference; compare key fingerprints and software versions",
        "de proefgegevens van het knooppunt wijken af; vergelijk de vingerafdrukken van de sleutels en de versies";
    LogInconsistent = "LOG_INCONSISTENT", DataLoss, BrokerOperator,
        "the disclosure log is not the one that was seen before; keep both checkpoints and call the other parties",
        "het verstrekkingenlogboek is niet het logboek van eerder; bewaar beide controlepunten en bel de andere partijen";
    ReceiptInvalid = "RECEIPT_INVALID", DataLoss, BrokerOperator,
        "the broker's proof does not hold, so its answer is not shown; call the operator of the broker",
        "het bewijs van de makelaar klopt niet, dus het antwoord wordt niet getoond; bel de beheerder van de makelaar";
    TreeSizeUnknown = "TREE_SIZE_UNKNOWN", OutOfRange, Caller,
        "the log is not that large; ask for a size up to that of the newest checkpoint",
        "het logboek is niet zo groot; vraag een grootte tot die van het nieuwste controlepunt";

    // Capacity and faults.
    OutboxFull = "OUTBOX_FULL", ResourceExhausted, Time,
        "the node holds as many signals for the broker as it may, and stored nothing; try again later",
        "het knooppunt bewaart al het hoogste aantal signalen en heeft niets opgeslagen; probeer het later opnieuw";
    TooBusy = "TOO_BUSY", ResourceExhausted, Time,
        "too much is under way at once; try again later",
        "er is te veel tegelijk bezig; probeer het later opnieuw";
    BrokerUnreachable = "BROKER_UNREACHABLE", Unavailable, Time,
        "the broker does not answer; try again, and call your operator when it lasts",
        "de makelaar antwoordt niet; probeer het opnieuw, en bel uw beheerder als het aanhoudt";
    LogUnavailable = "LOG_UNAVAILABLE", Unavailable, BrokerOperator,
        "the disclosure log can't be written, so nothing is disclosed; try again later",
        "het verstrekkingenlogboek is niet te schrijven, dus er wordt niets verstrekt; probeer het later opnieuw";
    NotWitnessed = "NOT_WITNESSED", Unavailable, Time,
        "too few parties have cosigned the disclosure log, so nothing is disclosed; try again, and call your operator when it lasts",
        "te weinig partijen hebben het verstrekkingenlogboek meegetekend, dus er wordt niets verstrekt; probeer het opnieuw, en bel uw beheerder als het aanhoudt";
    Stopping = "STOPPING", Unavailable, Time,
        "the service is stopping; try again",
        "de dienst stopt; probeer het opnieuw";
    NodeFailed = "NODE_FAILED", Internal, NodeOperator,
        "the node could not do this; its operator finds the cause in its log",
        "het knooppunt kon dit niet uitvoeren; de beheerder vindt de oorzaak in het logboek";
    BrokerFailed = "BROKER_FAILED", Internal, BrokerOperator,
        "the broker could not do this; its operator finds the cause in its log",
        "de makelaar kon dit niet uitvoeren; de beheerder vindt de oorzaak in het logboek";
}

impl Reason {
    /// Reads a reason.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.as_str() == text)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_its_own_code_and_a_remedy_in_both_languages() {
        let mut seen = BTreeSet::new();
        for reason in Reason::ALL {
            let code = reason.as_str();
            assert!(seen.insert(code), "{code} twice");
            assert_eq!(Reason::parse(code), Some(*reason));
            assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
            for text in [reason.message_en(), reason.message_nl()] {
                assert!(text.contains("; "), "{code}: cause; remedy");
                assert!(!text.ends_with('.'), "{code}");
            }
            assert_ne!(reason.code(), Code::Ok);
            assert_ne!(reason.code(), Code::Unknown);
        }
    }
}
