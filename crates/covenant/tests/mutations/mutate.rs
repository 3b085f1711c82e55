//! Every small mistake in a covenant's text.

use toml::Value;

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// A key or item is gone.
    Removed,
    /// A key or text is misspelt.
    Misspelt,
    /// A value is of another type, size or number.
    Retyped,
    /// Two values of one kind changed places.
    Swapped,
    /// A clause, prohibition or example is there twice.
    Doubled,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Removed,
        Self::Misspelt,
        Self::Retyped,
        Self::Swapped,
        Self::Doubled,
    ];

    /// Leaving out what is the default means the same, and so does another order. A misspelt word
    /// or another type never does.
    pub(super) const fn may_mean_the_same(self) -> bool {
        match self {
            Self::Removed | Self::Swapped => true,
            Self::Misspelt | Self::Retyped | Self::Doubled => false,
        }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

type At = Vec<Step>;

/// One mutation, applied only when it is judged.
#[derive(Clone, Debug)]
pub(super) enum Mutation {
    Remove(At),
    Rename(At, String),
    Misspell(At, String),
    Replace(At, Value),
    Swap(At, At),
    Double(At, Option<String>),
}

impl std::fmt::Display for Mutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let spell = |at: &At| {
            let steps: Vec<String> = at
                .iter()
                .map(|step| match step {
                    Step::Key(key) => key.clone(),
                    Step::Index(index) => index.to_string(),
                })
                .collect();
            steps.join(".")
        };
        match self {
            Self::Remove(at) => write!(f, "{} removed", spell(at)),
            Self::Rename(at, to) => write!(f, "{} renamed to {to}", spell(at)),
            Self::Misspell(at, to) => write!(f, "{} misspelt as {to}", spell(at)),
            Self::Replace(at, to) => write!(f, "{} becomes {to}", spell(at)),
            Self::Swap(one, other) => write!(f, "{} swapped with {}", spell(one), spell(other)),
            Self::Double(at, number) => write!(f, "{} doubled as {number:?}", spell(at)),
        }
    }
}

impl Mutation {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Remove(_) => Kind::Removed,
            Self::Rename(..) | Self::Misspell(..) => Kind::Misspelt,
            Self::Replace(..) => Kind::Retyped,
            Self::Swap(..) => Kind::Swapped,
            Self::Double(..) => Kind::Doubled,
        }
    }

    pub(super) fn apply(&self, root: &Value) -> Value {
        let mut root = root.clone();
        match self {
            Self::Remove(at) => drop(remove(&mut root, at)),
            Self::Rename(at, to) => {
                let value = remove(&mut root, at);
                if let Value::Table(table) = parent(&mut root, at) {
                    table.insert(to.clone(), value);
                }
            }
            Self::Misspell(at, to) => *find(&mut root, at) = Value::String(to.clone()),
            Self::Replace(at, to) => *find(&mut root, at) = to.clone(),
            Self::Swap(one, other) => {
                let value = find(&mut root, one).clone();
                let value = std::mem::replace(find(&mut root, other), value);
                *find(&mut root, one) = value;
            }
            Self::Double(at, number) => {
                let mut value = find(&mut root, at).clone();
                if let (Some(number), Value::Table(table)) = (number, &mut value) {
                    table.insert("nummer".to_owned(), Value::String(number.clone()));
                }
                if let Value::Array(list) = parent(&mut root, at) {
                    list.push(value);
                }
            }
        }
        root
    }
}

fn step<'v>(at: &'v mut Value, step: &Step) -> &'v mut Value {
    match step {
        Step::Key(key) => at.get_mut(key.as_str()).unwrap(),
        Step::Index(index) => at.get_mut(*index).unwrap(),
    }
}

fn find<'v>(root: &'v mut Value, at: &[Step]) -> &'v mut Value {
    at.iter().fold(root, step)
}

fn parent<'v>(root: &'v mut Value, at: &[Step]) -> &'v mut Value {
    find(root, &at[..at.len() - 1])
}

fn remove(root: &mut Value, at: &[Step]) -> Value {
    match (parent(root, at), at.last().unwrap()) {
        (Value::Table(table), Step::Key(key)) => table.remove(key).unwrap(),
        (Value::Array(list), Step::Index(index)) => list.remove(*index),
        (other, _) => other.clone(),
    }
}

/// Every mutation of a covenant.
pub(super) fn all(root: &Value) -> Vec<Mutation> {
    let mut places = Vec::new();
    walk(root, &mut Vec::new(), &mut places);
    let mut all = Vec::new();
    for (at, value) in &places {
        all.push(Mutation::Remove(at.clone()));
        if let Some(Step::Key(key)) = at.last() {
            let siblings = at
                .iter()
                .take(at.len() - 1)
                .fold(root, |at, step| match step {
                    Step::Key(key) => &at[key.as_str()],
                    Step::Index(index) => &at[*index],
                });
            let free = |word: &String| siblings.get(word.as_str()).is_none();
            let words = misspelt(key).into_iter().filter(free);
            all.extend(words.map(|word| Mutation::Rename(at.clone(), word)));
        }
        if let Value::String(text) = value {
            let words = misspelt(text).into_iter();
            all.extend(words.map(|word| Mutation::Misspell(at.clone(), word)));
        }
        let others = retyped(value).into_iter().filter(|other| other != value);
        all.extend(others.map(|other| Mutation::Replace(at.clone(), other)));
    }
    swaps(&places, &mut all);
    doubles(&places, &mut all);
    all
}

fn walk(value: &Value, here: &mut At, found: &mut Vec<(At, Value)>) {
    let mut visit = |step: Step, inner: &Value| {
        here.push(step);
        found.push((here.clone(), inner.clone()));
        walk(inner, here, found);
        here.pop();
    };
    match value {
        Value::Table(table) => {
            for (key, inner) in table {
                visit(Step::Key(key.clone()), inner);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                visit(Step::Index(index), inner);
            }
        }
        _ => {}
    }
}

fn misspelt(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let middle = chars.len() / 2;
    let mut dropped = chars.clone();
    dropped.pop();
    let mut doubled = chars.clone();
    doubled.insert(middle, chars.get(middle).copied().unwrap_or('x'));
    let mut swapped = chars.clone();
    if middle > 0 {
        swapped.swap(middle - 1, middle);
    }
    let all = [dropped, doubled, swapped];
    let mut words: Vec<String> = all.into_iter().map(|c| c.into_iter().collect()).collect();
    words.push(word.to_uppercase());
    words.retain(|w| w != word);
    words.sort_unstable();
    words.dedup();
    words
}

fn retyped(value: &Value) -> Vec<Value> {
    match value {
        Value::String(_) => vec![
            Value::String(String::new()),
            Value::Integer(1),
            Value::Boolean(true),
        ],
        Value::Integer(number) => vec![
            Value::Integer(number + 1),
            Value::Integer(-number),
            Value::Integer(i64::MAX),
            Value::Float(1.5),
            Value::String(number.to_string()),
        ],
        Value::Boolean(flag) => vec![Value::Boolean(!flag), Value::String(flag.to_string())],
        Value::Datetime(day) => vec![
            Value::String(day.to_string()),
            Value::Integer(20_261_101),
            Value::Datetime("2026-12-01".parse().unwrap()),
            Value::Datetime("2027-04-30".parse().unwrap()),
        ],
        Value::Array(list) => {
            let mut others = vec![Value::Array(Vec::new()), Value::String("x".into())];
            others.extend(list.first().cloned());
            let mut longer = list.clone();
            longer.extend(list.last().cloned());
            others.push(Value::Array(longer));
            others
        }
        Value::Table(_) => vec![Value::String("x".into()), Value::Array(vec![value.clone()])],
        Value::Float(_) => Vec::new(),
    }
}

/// Tables whose keys are names that the covenant chose.
const NAMED: [&str; 9] = [
    "partij",
    "signaal",
    "doel",
    "vergelijking",
    "auditor",
    "rol",
    "verstrekken",
    "ontvangen",
    "uitzondering",
];

/// What a place is of: the last key that the language knows, and the type of the value. Public
/// keys are of one kind wherever they stand.
fn kind(at: &At, value: &Value) -> String {
    if let Value::String(text) = value
        && let Some((kind @ ("ed25519" | "x25519"), _)) = text.split_once(':')
    {
        return kind.to_owned();
    }
    let keys: Vec<&str> = at
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    let last = keys.last().copied().unwrap_or_default();
    let named = keys.len() > 1 && NAMED.contains(&keys[keys.len() - 2]);
    let of = if named { keys[keys.len() - 2] } else { last };
    let depth = at
        .iter()
        .rev()
        .take_while(|s| matches!(s, Step::Index(_)))
        .count();
    format!("{of}/{}/{depth}", value.type_str())
}

/// Every value with the next one of its kind that differs.
fn swaps(places: &[(At, Value)], all: &mut Vec<Mutation>) {
    let kinds: Vec<String> = places.iter().map(|(at, value)| kind(at, value)).collect();
    for (number, (at, value)) in places.iter().enumerate() {
        let later = places.iter().zip(&kinds).skip(number + 1);
        let earlier = places.iter().zip(&kinds).take(number);
        let other = later.chain(earlier).find(|((other, differs), of)| {
            **of == kinds[number]
                && differs != value
                && !other.starts_with(at)
                && !at.starts_with(other)
        });
        if let Some(((other, _), _)) = other {
            all.push(Mutation::Swap(at.clone(), other.clone()));
        }
    }
}

/// Every clause, prohibition and example again: with the same number, and with one of its own.
fn doubles(places: &[(At, Value)], all: &mut Vec<Mutation>) {
    for (at, _) in places {
        if let [Step::Key(section), Step::Index(_)] = at.as_slice() {
            all.push(Mutation::Double(at.clone(), None));
            if section != "voorbeeld" {
                all.push(Mutation::Double(at.clone(), Some("99.1".to_owned())));
            }
        }
    }
}
