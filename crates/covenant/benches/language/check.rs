//! Checking the largest file there may be, beside reading its TOML alone.

use std::hint::black_box;

use covenant::check;

use crate::generator::covenant;
use crate::micros;

/// The largest covenant in bytes.
const LARGEST: usize = 256 * 1024;

pub(crate) fn measure() -> Vec<String> {
    let source = large();
    let covenant = check(&source).covenant.unwrap();
    let ours = micros(25, 1, |_| {
        black_box(check(&source).diagnostics.len());
    });
    let toml = micros(25, 1, |_| {
        black_box(toml::de::DeTable::parse(&source).is_ok());
    });
    vec![
        format!(
            "| {} KiB with {} clauses and {} examples | ms | times the TOML |",
            source.len() / 1024,
            covenant.clauses().len(),
            covenant.examples().len(),
        ),
        "|---|--:|--:|".to_owned(),
        format!("| its TOML alone | {:.1} | 1 |", toml / 1e3),
        format!("| `check` | {:.1} | {:.1} |", ours / 1e3, ours / toml),
    ]
}

/// The longest covenant of some, filled up with examples of its own cells.
fn large() -> String {
    let all = (1..40).map(|seed| covenant(seed, 200));
    let of = all.max_by_key(|of| of.covenant.clauses().len()).unwrap();
    let mut source = of.source;
    for (number, open) in covenant::table::open_cells(&of.covenant)
        .unwrap()
        .iter()
        .cycle()
        .enumerate()
    {
        let cell = &open.cell;
        let example = format!(
            "\n[[voorbeeld]]\nnaam = \"voorbeeld {number}\"\nvraag = {{ rol = \"{}\", doel = \"{}\", van = \"{}\", \
             over = \"{}\", toont = \"{}\" }}\nuitkomst = \"{}\"\n",
            cell.role, cell.purpose, cell.source, cell.signal, cell.shows, open.clause
        );
        if source.len() + example.len() > LARGEST {
            return source;
        }
        source.push_str(&example);
    }
    source
}
