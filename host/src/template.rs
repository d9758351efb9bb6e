//! Texts with `{{ variable }}` in them, as manifests use for component variables and outbound hosts.

use anyhow::{Result, bail};

/// A value with `{{ name }}` references to variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// When a `{{` is not closed.
    pub(crate) fn parse(source: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((literal, tail)) = rest.split_once("{{") {
            let Some((name, tail)) = tail.split_once("}}") else {
                bail!("`{source}` has an unclosed `{{{{`");
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self {
            source: source.to_owned(),
            parts,
        })
    }

    /// The text as the manifest has it, without its variables filled in.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether no variable occurs in the text.
    pub(crate) fn is_literal(&self) -> bool {
        self.variables().next().is_none()
    }

    /// The names of the variables in the text.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// Replaces the references with the values from `find`.
    ///
    /// # Errors
    /// The first error of `find`.
    pub(crate) fn render<'a, E>(
        &self,
        find: impl Fn(&str) -> Result<&'a str, E>,
    ) -> Result<String, E> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(literal) => Ok(literal.as_str()),
                Part::Variable(name) => find(name),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(source: &str) -> String {
        let found = |name: &str| {
            if name == "host" {
                Ok("example.com")
            } else {
                Err(())
            }
        };
        Template::parse(source).unwrap().render(found).unwrap()
    }

    #[test]
    fn variables_are_filled_in() {
        assert_eq!(
            render("https://{{ host }}:{{host}}/"),
            "https://example.com:example.com/"
        );
        assert_eq!(render("plain"), "plain");
        assert_eq!(render(""), "");
    }

    #[test]
    fn an_unknown_variable_is_an_error() {
        let template = Template::parse("{{ other }}").unwrap();
        assert_eq!(
            template.render(|_| Err::<&str, _>("unknown")),
            Err("unknown")
        );
    }

    #[test]
    fn an_open_brace_pair_is_refused() {
        assert!(Template::parse("{{ host").is_err());
    }

    #[test]
    fn only_texts_without_variables_are_literal() {
        assert!(Template::parse("https://example.com").unwrap().is_literal());
        assert!(!Template::parse("{{ host }}").unwrap().is_literal());
    }
}
