//! Lines that are not well formed.

use model::Digest;

use super::tampered::{Add, set, swap_in};

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn change(add: Add<'_>) {
    let (header, third) = ((1, None, "form"), (4, Some(2), "form"));
    add("bad-no-header", "the header is gone", header, &|lines| {
        lines.remove(0);
    });
    add("bad-format", "a format of the future", header, &|lines| {
        swap_in(lines, 0, "covenant-log-export/1", "covenant-log-export/2");
    });
    add(
        "bad-header-reader",
        "a reader of a kind that does not exist",
        header,
        &|lines| {
            set(lines, 0, "reader", serde_json::json!({"as": "everybody"}));
        },
    );
    add(
        "bad-header-reader-extra",
        "a reader with a field too many",
        header,
        &|lines| {
            set(
                lines,
                0,
                "reader",
                serde_json::json!({"as": "operator", "covenants": []}),
            );
        },
    );
    add(
        "bad-header-reader-name",
        "a reader with a name that is none",
        header,
        &|lines| {
            let names = serde_json::json!([{"covenant": "ab".repeat(32), "party": "De Linde"}]);
            set(
                lines,
                0,
                "reader",
                serde_json::json!({"as": "party", "names": names}),
            );
        },
    );
    add("bad-header-list", "a header as a list", header, &|lines| {
        lines[0] = "[1,2,3]".to_owned()
    });
    add(
        "bad-byte-order-mark",
        "a byte order mark",
        header,
        &|lines| lines[0].insert(0, '\u{feff}'),
    );
    add("bad-empty-line", "an empty line", third, &|lines| {
        lines.insert(3, String::new())
    });
    add(
        "bad-field-unknown",
        "a field that does not exist",
        third,
        &|lines| {
            swap_in(lines, 3, "{\"index\":2,", "{\"index\":2,\"note\":1,");
        },
    );
    add(
        "bad-field-twice",
        "a field that stands twice",
        third,
        &|lines| {
            swap_in(lines, 3, "{\"index\":2,", "{\"index\":2,\"index\":2,");
        },
    );
    add(
        "bad-index-fraction",
        "an index with a fraction",
        third,
        &|lines| {
            swap_in(lines, 3, "{\"index\":2,", "{\"index\":2.0,");
        },
    );
    add("bad-index-text", "an index as text", third, &|lines| {
        swap_in(lines, 3, "{\"index\":2,", "{\"index\":\"2\",");
    });
    add(
        "bad-index-negative",
        "a negative zero",
        (2, Some(0), "form"),
        &|lines| {
            swap_in(lines, 1, "{\"index\":0,", "{\"index\":-0,");
        },
    );
    add(
        "bad-index-true",
        "an index that is true",
        (3, Some(1), "form"),
        &|lines| {
            swap_in(lines, 2, "{\"index\":1,", "{\"index\":true,");
        },
    );
    add(
        "bad-index-large",
        "an index beyond 64 bits",
        third,
        &|lines| {
            swap_in(
                lines,
                3,
                "{\"index\":2,",
                "{\"index\":18446744073709551616,",
            );
        },
    );
    add(
        "bad-no-proof",
        "a record without a proof",
        third,
        &|lines| {
            set(lines, 3, "proof", serde_json::Value::Null);
        },
    );
    add("bad-proof-short", "a hash of 31 bytes", third, &|lines| {
        set(lines, 3, "proof", serde_json::json!(["ab".repeat(31)]));
    });
    add(
        "bad-proof-upper-case",
        "a hash in upper case",
        third,
        &|lines| {
            set(lines, 3, "proof", serde_json::json!(["AB".repeat(32)]));
        },
    );
    add("bad-record-list", "a record as a list", third, &|lines| {
        lines[3] = "[2,null,null,[],null,null,null]".to_owned();
    });
    add(
        "bad-neither-leaf-nor-hash",
        "neither leaf nor hash",
        third,
        &|lines| {
            lines[3] = "{\"index\":2,\"proof\":[]}".to_owned();
        },
    );
    add("bad-leaf-and-hash", "leaf and hash", third, &|lines| {
        set(
            lines,
            3,
            "hash",
            serde_json::json!(Digest::new([1; 32]).to_hex()),
        );
    });
    add(
        "bad-hash-with-opening",
        "a hash with an opening",
        third,
        &|lines| {
            let json = serde_json::json!({"index": 2, "hash": "ab".repeat(32), "proof": [], "answer": "erased"});
            lines[3] = json.to_string();
        },
    );
    add(
        "bad-erased-word",
        "a word that is not erased",
        third,
        &|lines| {
            set(lines, 3, "answer", serde_json::json!("wiped"));
        },
    );
    add(
        "bad-opening-list",
        "an opening as a list",
        third,
        &|lines| {
            set(lines, 3, "answer", serde_json::json!(["ab".repeat(32), ""]));
        },
    );
    add(
        "bad-opening-no-salt",
        "an opening without a salt",
        third,
        &|lines| {
            set(lines, 3, "answer", serde_json::json!({"bytes": ""}));
        },
    );
    add(
        "bad-opening-salt-short",
        "a salt of 31 bytes",
        third,
        &|lines| {
            set(
                lines,
                3,
                "answer",
                serde_json::json!({"salt": "ab".repeat(31), "bytes": ""}),
            );
        },
    );
    add(
        "bad-opening-base64",
        "bytes in base64 without its end",
        third,
        &|lines| {
            set(
                lines,
                3,
                "answer",
                serde_json::json!({"salt": "ab".repeat(32), "bytes": "YQ"}),
            );
        },
    );
    add("bad-surrogate", "half a surrogate pair", third, &|lines| {
        swap_in(lines, 3, "decision.", "\\ud800.......");
    });
    add("bad-not-a-number", "NaN", third, &|lines| {
        swap_in(lines, 3, "{\"index\":2,", "{\"index\":NaN,")
    });
    add("bad-trailing-comma", "a comma too many", third, &|lines| {
        swap_in(lines, 3, "\"proof\":[", "\"proof\":[,")
    });
}
