//! The values of the application's variables. They may be secret, so nothing here prints one.

use std::collections::BTreeMap;

use crate::template::Template;

/// The application's variables with their values; `None` for a required one that is not set.
pub(crate) struct Variables(BTreeMap<String, Option<String>>);

/// A required variable is not set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) String);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the required variable `{}` has no value", self.0)
    }
}

impl Variables {
    /// Sets each declared variable: from `given` (the command line), or from `SPIN_VARIABLE_<NAME>` in `environment`,
    /// or to its default.
    pub(crate) fn load(
        declared: &BTreeMap<String, Option<String>>,
        given: &[(String, String)],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let value = |name: &str, default: &Option<String>| {
            let given = given.iter().rev().find(|(given, _)| given == name);
            given
                .map(|(_, value)| value.clone())
                .or_else(|| environment(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())))
                .or_else(|| default.clone())
        };
        Self(
            declared
                .iter()
                .map(|(name, default)| (name.clone(), value(name, default)))
                .collect(),
        )
    }

    /// The first required variable without a value, if there is one.
    pub(crate) fn all_resolved(&self) -> Result<(), Missing> {
        self.missing()
            .next()
            .map_or(Ok(()), |name| Err(Missing(name.to_owned())))
    }

    /// The required variables without a value.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.as_str())
    }

    /// Fills in a template.
    ///
    /// # Errors
    /// When a variable in it has no value.
    pub(crate) fn render(&self, template: &Template) -> Result<String, Missing> {
        template.render(|name| {
            let value = self.0.get(name).and_then(Option::as_deref);
            value.ok_or_else(|| Missing(name.to_owned()))
        })
    }
}

/// Whether `name` can name a variable: lower-case letters, digits and single underscores inside.
pub(crate) fn is_valid_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> BTreeMap<String, Option<String>> {
        [("with_default", Some("default")), ("required", None)]
            .map(|(name, default)| (name.to_owned(), default.map(str::to_owned)))
            .into()
    }

    fn given(values: &[(&str, &str)]) -> Vec<(String, String)> {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn render(variables: &Variables, source: &str) -> Result<String, Missing> {
        variables.render(&Template::parse(source).unwrap())
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_default() {
        let environment =
            |name: &str| (name == "SPIN_VARIABLE_WITH_DEFAULT").then(|| "environment".to_owned());

        let all = Variables::load(
            &declared(),
            &given(&[("with_default", "given")]),
            environment,
        );
        assert_eq!(render(&all, "{{ with_default }}").unwrap(), "given");

        let environment_only = Variables::load(&declared(), &[], environment);
        assert_eq!(
            render(&environment_only, "{{ with_default }}").unwrap(),
            "environment"
        );

        let none = Variables::load(&declared(), &[], |_| None);
        assert_eq!(render(&none, "{{ with_default }}").unwrap(), "default");
    }

    #[test]
    fn the_last_of_two_values_on_the_command_line_wins() {
        let variables = Variables::load(
            &declared(),
            &given(&[("required", "a"), ("required", "b")]),
            |_| None,
        );
        assert_eq!(render(&variables, "{{ required }}").unwrap(), "b");
    }

    #[test]
    fn an_empty_value_is_a_value() {
        let variables = Variables::load(&declared(), &given(&[("required", "")]), |_| None);
        assert_eq!(variables.all_resolved(), Ok(()));
        assert_eq!(render(&variables, "{{ required }}").unwrap(), "");
    }

    #[test]
    fn a_required_variable_without_a_value_is_missing() {
        let variables = Variables::load(&declared(), &[], |_| None);
        assert_eq!(variables.missing().collect::<Vec<_>>(), ["required"]);
        assert_eq!(
            variables.all_resolved(),
            Err(Missing("required".to_owned()))
        );
        assert_eq!(
            render(&variables, "a {{ required }}"),
            Err(Missing("required".to_owned()))
        );
    }

    #[test]
    fn names_are_lower_snake_case() {
        for name in ["a", "abc", "a1", "a_1", "secret_key"] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in ["", "A", "1a", "_a", "a_", "a__b", "a-b", "é"] {
            assert!(!is_valid_name(name), "{name}");
        }
    }
}
