//! Lists of what a client prefers, as in `Accept-Encoding` and `Accept-Language` (RFC 9110 §12.4.2).

/// The items of a list, each with its weight in thousandths. An item without a weight has 1000; one with an invalid
/// weight has 0.
pub(super) fn weighted(list: &str) -> impl Iterator<Item = (&str, u32)> {
    list.split(',').map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|parameter| {
                let (name, weight) = parameter.split_once('=')?;
                name.eq_ignore_ascii_case("q").then_some(weight)
            })
            .map_or(1000, thousandths);
        (name, weight)
    })
}

/// Whether `accept`, an `Accept-Encoding`, allows gzip (RFC 9110 §12.5.3). `x-gzip` is its old name.
pub(super) fn allows_gzip(accept: &str) -> bool {
    let weight = |coding: &str| {
        weighted(accept)
            .find(|(name, _)| name.eq_ignore_ascii_case(coding))
            .map(|(_, weight)| weight)
    };
    let weight = weight("gzip")
        .or_else(|| weight("x-gzip"))
        .or_else(|| weight("*"));
    weight.is_some_and(|weight| weight > 0)
}

/// A weight such as `0.8` in thousandths; an invalid one counts as 0.
fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{whole}{fraction:0<3}");
    let is_weight = matches!(whole, "0" | "1") && digits.len() == 4;
    let value = digits.parse().ok().filter(|_| is_weight);
    value.filter(|value| *value <= 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_clients_that_accept_it() {
        for (accept, allowed) in [
            ("gzip, deflate, br, zstd", true),
            ("br, GZIP;q=0.1", true),
            ("x-gzip", true),
            ("*", true),
            ("br, *;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("gzip;q=nonsense", false),
            ("gzip;Q=0", false),
            ("gzip;q=1.5", false),
            ("gzip; q=1.000", true),
            ("*;q=0", false),
            ("identity", false),
            ("gzipped", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(allows_gzip(accept), allowed, "{accept}");
        }
    }
}
