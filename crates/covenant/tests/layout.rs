//! The one layout: the same meaning, the same comments, and the same again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use covenant::language::ast::Document;
use covenant::layout::layout;
use covenant::{Checking, check_as};
use proptest::prelude::*;
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

/// Everything but white space, comments at their places included.
fn words(source: &str) -> Vec<String> {
    Source::new(source)
        .lex()
        .filter(|t| {
            !matches!(
                t.kind(),
                TokenKind::Whitespace | TokenKind::Newline | TokenKind::Eof
            )
        })
        .map(|t| {
            let at = t.span().start()..t.span().end();
            source.get(at).unwrap().trim_end().to_owned()
        })
        .collect()
}

fn tree(source: &str) -> (Option<Document>, Vec<&'static str>) {
    let checked = check_as(source, Checking::Template, None);
    let codes = checked.diagnostics.iter().map(|d| d.code).collect();
    (checked.covenant.map(|c| c.document().clone()), codes)
}

fn laid_out(source: &str) -> String {
    let once = layout(source.as_bytes()).unwrap();
    assert_eq!(words(&once), words(source));
    assert_eq!(layout(once.as_bytes()).unwrap(), once);
    assert!(once.lines().all(|line| line.trim_end() == line), "{once}");
    once
}

#[test]
fn the_models_have_the_layout() {
    for path in files("policies") {
        let source = std::fs::read_to_string(&path).unwrap();
        assert!(
            laid_out(&source) == source,
            "{path:?} is not laid out; run covenant policy fmt"
        );
    }
}

#[test]
fn errors_of_meaning_are_laid_out_too() {
    let (mut laid, mut refused) = (0, 0);
    for path in files("policies/bad") {
        let bytes = std::fs::read(&path).unwrap();
        match layout(&bytes) {
            Ok(once) => {
                let source = std::str::from_utf8(&bytes).unwrap();
                assert_eq!(once, laid_out(source), "{path:?}");
                // What is not a covenant has no tree: its errors are the same, in some order.
                let ((before, mut codes), (after, mut codes_after)) = (tree(source), tree(&once));
                codes.sort_unstable();
                codes_after.sort_unstable();
                assert_eq!((after, codes_after), (before, codes), "{path:?}");
                laid += 1;
            }
            Err(faults) => {
                assert!(!faults.is_empty());
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                // So many lines in columns would be larger than a covenant may be.
                let grown = name == "te-veel-vakjes";
                let told = faults
                    .iter()
                    .any(|d| name == d.code || (grown && d.code == "bestand-te-groot"));
                assert!(told, "{path:?} {faults:?}");
                refused += 1;
            }
        }
    }
    assert!(laid > 60 && refused >= 6, "{laid} {refused}");
}

#[test]
fn what_is_unfit_to_read_is_not_mended_in_silence() {
    for (bytes, code) in [
        (b"\xef\xbb\xbfa = 1\n".as_slice(), "bestand-bom"),
        (b"a = 1\r\nb = 2\r\n", "bestand-regeleinde"),
        (b"a = \"\xff\"\n", "bestand-utf8"),
        (b"a = \"x\xe2\x80\x8by\"\n", "bestand-tekens"),
        (b"a = \"x\n", "toml"),
        (b"a = 1\na = 2\n", "toml"),
    ] {
        let faults = layout(bytes).unwrap_err();
        assert_eq!(faults.first().map(|d| d.code), Some(code));
    }
}

#[test]
fn columns_blank_lines_and_comments() {
    let messy = "\n\n#top\n\n\na=1 #one\nlang  =  [ 1,2 , 3 ]   # two\n[ x . y ]\n\n\nb.c = {a=1,b = [ ]}\n\
                 b.long=\"#\"\n# of z\n[[z]] # z\nt=1979-05-27 07:32:00\nlist=[1,#one\n # two\n2\n, 3]\n\n\n";
    let neat = "#top\n\na    = 1          #one\nlang = [1, 2, 3]  # two\n\n[x.y]\nb.c    = { a = 1, b = [] }\n\
                b.long = \"#\"\n\n# of z\n[[z]]  # z\nt    = 1979-05-27 07:32:00\nlist = [\n    1,  #one\n    # two\n    2,\n    3\n]\n";
    assert_eq!(laid_out(messy), neat);
    assert_eq!(laid_out(""), "");
    assert_eq!(laid_out("[a]\n[b]"), "[a]\n\n[b]\n");
}

/// White space and comments that mean nothing, put into a line.
#[derive(Clone, Debug)]
struct Noise {
    before: String,
    above: Vec<String>,
    after: String,
    comment: Option<String>,
    wide: bool,
}

fn noise() -> impl Strategy<Value = Noise> {
    (
        "[ \t]{0,3}",
        prop::collection::vec(prop_oneof![Just(String::new()), "#[ -~]{0,8}"], 0..3),
        "[ \t]{0,3}",
        prop::option::of("#[ -~]{0,8}"),
        any::<bool>(),
    )
        .prop_map(|(before, above, after, comment, wide)| Noise {
            before,
            above,
            after,
            comment,
            wide,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn noise_changes_nothing_but_comments(noises in prop::collection::vec(noise(), 40), which in 0..3_usize) {
        let path = files("policies").remove(which);
        let source = std::fs::read_to_string(path).unwrap();
        let mut noisy = String::new();
        for (line, noise) in source.lines().zip(noises.iter().cycle()) {
            for above in &noise.above {
                noisy.push_str(above);
                noisy.push('\n');
            }
            noisy.push_str(&noise.before);
            let key = line.split_once(" = ").filter(|_| noise.wide && !line.contains('#'));
            match key {
                Some((key, value)) => noisy.push_str(&format!("{key}\t =   {value}")),
                None => noisy.push_str(line),
            }
            noisy.push_str(&noise.after);
            if !line.contains('#') {
                noisy.push_str(noise.comment.as_deref().unwrap_or_default());
            }
            noisy.push('\n');
        }
        let once = laid_out(&noisy);
        prop_assert_eq!(tree(&once).0, tree(&source).0);
    }
}
