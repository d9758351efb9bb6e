//! The parameters of a query: only known ones, without duplicates.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::http::problem::{FieldError, Problem};

/// The parameters by name.
#[derive(Debug)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Parses a query string.
    ///
    /// # Errors
    /// 422 for a parameter that is not in `known`, or a duplicate.
    pub(super) fn parse(query: &str, known: &[&str]) -> Result<Self, Problem> {
        #[cfg(test)]
        for name in known {
            crate::http::asked::note(name);
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&&*name) {
                return Err(refuse("has an unknown query parameter"));
            }
            if parameters
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(refuse("has a duplicate query parameter"));
            }
        }
        Ok(Self(parameters))
    }

    /// The parameter `name`, if present.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All parameters, decoded, sorted by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.0.iter();
        parameters.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The text `name`, if present, read with `parse`.
    ///
    /// # Errors
    /// 422 if `parse` refuses it.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Result<Option<T>, Problem> {
        let parsed = self.text(name).map(parse).transpose();
        parsed.map_err(|detail| refuse(&format!("{name} {detail}")))
    }

    /// The boolean `name`, if present.
    ///
    /// # Errors
    /// 422 for anything but `true` or `false`.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.parsed(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false"),
        })
    }

    /// The number `name`, if present.
    ///
    /// # Errors
    /// 422 for anything but a whole number within `range`.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match read_number(text) {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (least, most) = (range.start(), range.end());
                Err(refuse(&format!(
                    "{name} must be a whole number from {least} to {most}"
                )))
            }
        }
    }
}

/// A whole number, in digits only: Rust would also accept a plus sign.
pub(super) fn read_number(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// The problem with a query.
pub(super) fn refuse(detail: &str) -> Problem {
    Problem::validation_failed(vec![FieldError::whole(detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_parameters_in_range_pass() {
        let parse = |query: &str| Query::parse(query, &["limit", "email"]);
        let query = parse("email=ann%2Bx%40example.com&limit=7").unwrap();
        assert_eq!(query.text("email"), Some("ann+x@example.com"));
        assert_eq!(query.number("limit", 1..=9).unwrap(), Some(7));
        assert!(query.number("limit", 8..=9).is_err());
        assert!(query.number("email", 1..=9).is_err());
        assert!(query.boolean("email").is_err());
        assert_eq!(
            parse("limit=true").unwrap().boolean("limit").unwrap(),
            Some(true)
        );
        assert!(parse("limit=1&limit=2").is_err());
        assert!(parse("other=1").is_err());
        assert!(parse("").unwrap().text("email").is_none());
    }
}
