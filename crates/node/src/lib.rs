//! A party's gateway
