//! Facts at and around every threshold, and of chance.

use covenant::decide::{Asking, Cell, Counters, Facts, Protections, Reason, Tally};
use covenant::language::clause::Clause;
use covenant::language::words::{LoginLevel, Shows, Trigger};
use model::ProtectionStatement;

use super::generator::Dice;

pub(crate) const TRIGGERS: [Trigger; 3] = [Trigger::Question, Trigger::OnMatch, Trigger::Scan];
const LEVELS: [LoginLevel; 3] = [LoginLevel::Low, LoginLevel::Substantial, LoginLevel::High];
const STATEMENTS: [ProtectionStatement; 3] = [
    ProtectionStatement::Absent,
    ProtectionStatement::Unknown,
    ProtectionStatement::Present,
];

/// Facts that meet whatever a clause may want.
pub(crate) fn best(trigger: Trigger) -> Facts {
    let most = Tally::new(u32::MAX, u32::MAX);
    Facts {
        trigger,
        asking: Asking {
            file_number: true,
            motivation: true,
            login_level: LoginLevel::High,
            counters: Counters::default(),
        },
        live: most,
        recent: most,
        reviewed: most,
        in_area: most,
        counted: most,
        of_cell: u32::MAX,
        protections: Protections::ABSENT,
        approvals: u32::MAX,
        waited: true,
        can_release: true,
        total: u32::MAX,
        largest_share_percent: 0,
    }
}

type Number = fn(&mut Facts) -> &mut u32;

/// Every number in the facts.
const NUMBERS: [Number; 17] = [
    |f| &mut f.live.hits,
    |f| &mut f.live.parties,
    |f| &mut f.recent.hits,
    |f| &mut f.recent.parties,
    |f| &mut f.reviewed.hits,
    |f| &mut f.reviewed.parties,
    |f| &mut f.in_area.hits,
    |f| &mut f.in_area.parties,
    |f| &mut f.counted.hits,
    |f| &mut f.counted.parties,
    |f| &mut f.of_cell,
    |f| &mut f.asking.counters.employee_today,
    |f| &mut f.asking.counters.party_today,
    |f| &mut f.asking.counters.subject_this_month,
    |f| &mut f.approvals,
    |f| &mut f.total,
    |f| &mut f.largest_share_percent,
];

/// Every fact that is not a number, changed in each way.
fn other(facts: &Facts) -> Vec<Facts> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Facts)| {
        let mut changed = *facts;
        change(&mut changed);
        all.push(changed);
    };
    with(&|f| f.asking.file_number = !f.asking.file_number);
    with(&|f| f.asking.motivation = !f.asking.motivation);
    with(&|f| f.waited = !f.waited);
    with(&|f| f.can_release = !f.can_release);
    for level in LEVELS {
        with(&|f| f.asking.login_level = level);
    }
    for statement in STATEMENTS {
        with(&|f| f.protections.minor = statement);
        with(&|f| f.protections.shielded_address = statement);
    }
    for trigger in TRIGGERS {
        with(&|f| f.trigger = trigger);
    }
    all
}

/// The numbers that a clause compares with, each with its neighbours, and the extremes.
fn borders(clause: Option<&Clause>) -> Vec<u32> {
    let thresholds = clause.map_or_else(Vec::new, |clause| {
        let (conditions, limits) = (&clause.conditions, &clause.limits);
        let numbers = [
            conditions.hits,
            conditions.parties,
            conditions.approval.as_ref().map(|a| a.count),
            limits.per_employee_per_day,
            limits.per_party_per_day,
            limits.per_subject_per_month,
            clause.output.threshold,
            clause.output.dominance_percent,
        ];
        numbers.into_iter().flatten().collect()
    });
    let around = |t: u32| [t.saturating_sub(1), t, t + 1];
    let mut all: Vec<u32> = thresholds.into_iter().flat_map(around).collect();
    all.extend([0, 1, 2, u32::MAX]);
    all.sort_unstable();
    all.dedup();
    all
}

fn start(clause: Option<&Clause>) -> Facts {
    let trigger = clause.and_then(|c| c.triggers.first());
    best(trigger.copied().unwrap_or(Trigger::Question))
}

/// The best facts, and each fact changed to each border while the others stay.
pub(crate) fn around(clause: Option<&Clause>) -> Vec<Facts> {
    let best = start(clause);
    let mut all = vec![best];
    for border in borders(clause) {
        for number in NUMBERS {
            let mut facts = best;
            *number(&mut facts) = border;
            all.push(facts);
        }
        // Everything that is counted at once, as it is in truth.
        let mut facts = best;
        for number in &NUMBERS[..11] {
            *number(&mut facts) = border;
        }
        all.push(facts);
    }
    all.extend(other(&best));
    all
}

/// Facts of chance: mostly good ones with a few around a border, so that both answers are common.
pub(crate) fn thrown(dice: &mut Dice, clause: Option<&Clause>) -> Facts {
    let mut facts = start(clause);
    if let (Some(clause), true) = (clause, dice.chance(90)) {
        facts.trigger = dice.pick(&clause.triggers);
    }
    let borders = borders(clause);
    let changes = if dice.chance(10) { 40 } else { dice.below(4) };
    for _ in 0..changes {
        if dice.chance(70) {
            let border = dice.pick(&borders);
            let any = u32::try_from(dice.number() >> 32).unwrap();
            *dice.pick(&NUMBERS)(&mut facts) = if dice.chance(90) { border } else { any };
        } else {
            facts = dice.pick(&other(&facts));
        }
    }
    facts
}

/// Any facts at all, also such as cannot be.
pub(crate) fn wild(dice: &mut Dice) -> Facts {
    let mut facts = best(dice.pick(&TRIGGERS));
    for number in NUMBERS {
        if dice.chance(10) {
            let any = u32::try_from(dice.number() >> 32).unwrap();
            *number(&mut facts) = dice.pick(&[0, 1, 2, 5, any, u32::MAX - 1, u32::MAX]);
        }
    }
    if dice.chance(50) {
        facts = dice.pick(&other(&facts));
    }
    facts
}

/// What a reason is about, so that it can be mended. Tallies belong together: which of them is
/// named depends on the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part(u8);

pub(crate) fn part(reason: Reason) -> Part {
    Part(match reason {
        Reason::Hits | Reason::Parties | Reason::Within | Reason::Review | Reason::Area => 0,
        Reason::OtherTrigger => 1,
        Reason::NothingFromSource => 2,
        Reason::FileNumber => 3,
        Reason::Motivation => 4,
        Reason::Approval => 5,
        Reason::AnswerAfter => 6,
        Reason::LoginLevel => 7,
        Reason::Minor => 8,
        Reason::ShieldedAddress => 9,
        Reason::PerEmployee => 10,
        Reason::PerParty => 11,
        Reason::PerSubject => 12,
        Reason::Threshold => 13,
        Reason::Dominance => 14,
        Reason::Attributes => 15,
        Reason::NotActive
        | Reason::Suspended
        | Reason::NotConfirmed
        | Reason::Prohibited
        | Reason::NotNamed
        | Reason::Outranked => panic!("{reason:?} is no condition of a clause"),
    })
}

/// The facts with one part as good as it can be for a clause.
pub(crate) fn mended(mut facts: Facts, part: Part, clause: &Clause) -> Facts {
    let best = best(clause.triggers[0]);
    match part.0 {
        0 => {
            (facts.live, facts.counted) = (best.live, best.counted);
            (facts.recent, facts.reviewed) = (best.recent, best.reviewed);
            facts.in_area = best.in_area;
        }
        1 => facts.trigger = best.trigger,
        2 => facts.of_cell = best.of_cell,
        3 => facts.asking.file_number = true,
        4 => facts.asking.motivation = true,
        5 => facts.approvals = best.approvals,
        6 => facts.waited = true,
        7 => facts.asking.login_level = best.asking.login_level,
        8 => facts.protections.minor = best.protections.minor,
        9 => facts.protections.shielded_address = best.protections.shielded_address,
        10 => facts.asking.counters.employee_today = 0,
        11 => facts.asking.counters.party_today = 0,
        12 => facts.asking.counters.subject_this_month = 0,
        13 => facts.total = best.total,
        14 => facts.largest_share_percent = 0,
        _ => facts.can_release = true,
    }
    facts
}

/// Every cell of a covenant, open and closed.
pub(crate) fn cells(covenant: &covenant::Covenant) -> Vec<Cell> {
    let mut cells = Vec::new();
    for role in covenant.parties().values().flat_map(|p| p.roles.keys()) {
        for purpose in covenant.purposes().keys() {
            for source in covenant.parties().keys() {
                for signal in covenant.signals().keys() {
                    cells.extend(Shows::ALL.iter().map(|shows| Cell {
                        role: role.clone(),
                        purpose: purpose.clone(),
                        source: source.clone(),
                        signal: signal.clone(),
                        shows: *shows,
                    }));
                }
            }
        }
    }
    cells
}
