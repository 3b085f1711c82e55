//! Raw identifier to normal form to match key to keyed HMAC
