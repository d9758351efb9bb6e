//! Reading variables: which ones are read, what they parse to, and what is wrong with them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use crate::ports::{Unavailable, Variables};

/// The variables that a section reads, and everything wrong with them, so that all of it is reported at once.
#[derive(Debug, Default)]
pub struct Values {
    found: BTreeMap<&'static str, Option<String>>,
    asked: RefCell<Vec<&'static str>>,
    bad: RefCell<Vec<Finding>>,
    warnings: RefCell<Vec<Finding>>,
    /// Whether this is a check for an operator, who can wait for it.
    pub(super) is_check: bool,
}

/// What is wrong with a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the variable, in lower case as in `spin.toml`.
    pub name: &'static str,
    /// Why, after a colon. Never contains the value, which may be secret.
    pub why: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

/// What is wrong with the variables of a component.
#[derive(Debug, Default)]
pub struct Findings {
    /// These stop the component's calls: its security or delivery needs them.
    pub bad: Vec<Finding>,
    /// These stop nothing: settings for looks and links, which a usable value replaces, and settings that have no
    /// effect.
    pub warnings: Vec<Finding>,
}

impl Values {
    /// Parses the variable `name`. If it is missing or `parse` refuses it, records it as bad and returns `None`; `expected`
    /// ends the sentence "must be …".
    pub fn read<T>(
        &self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.read_or_why(name, |text| {
            parse(text).ok_or_else(|| format!("must be {expected}"))
        })
    }

    /// Like [`Values::read`], where `parse` says what is wrong.
    pub fn read_or_why<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = match self.text(name) {
            Some(text) => parse(text),
            None => Err("is not set".to_owned()),
        };
        parsed.map_err(|why| self.refuse(name, why)).ok()
    }

    /// Parses the variable `name`, which never stops a call: `parse` warns of what is wrong, and finds a usable value.
    pub fn read_leniently<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str, &mut dyn FnMut(String)) -> T,
    ) -> T {
        parse(self.text(name).unwrap_or_default(), &mut |why| {
            self.warn(name, why);
        })
    }

    /// Warns of each of `names` that is set although it has no effect without `needed`.
    pub(super) fn warn_if_unused(&self, needed: &'static str, names: &[&'static str]) {
        for name in names {
            if self.text(name).is_some_and(|text| !text.is_empty()) {
                self.warn(name, format!("has no effect without {needed}"));
            }
        }
    }

    pub(super) fn warn(&self, name: &'static str, why: impl Into<String>) {
        let why = why.into();
        note(&self.warnings, Finding { name, why });
    }

    pub(super) fn text(&self, name: &'static str) -> Option<&str> {
        self.asked.borrow_mut().push(name);
        self.found.get(name)?.as_deref()
    }

    pub(super) fn refuse(&self, name: &'static str, why: impl Into<String>) {
        let why = why.into();
        note(&self.bad, Finding { name, why });
    }
}

/// Several sections may read the same variable, so a finding is recorded only once.
fn note(findings: &RefCell<Vec<Finding>>, finding: Finding) {
    let mut findings = findings.borrow_mut();
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}

/// A group of variables that belong together.
pub trait Section: Sized {
    /// Reads the section; `None` if a variable is bad. Must read all its variables before returning, so that all bad
    /// ones are reported.
    fn read(values: &Values) -> Option<Self>;
}

/// Loads the settings of a component, or a section of them.
///
/// # Errors
/// [`Unavailable::Variables`] with the names of all bad variables.
pub async fn load<S: Section>(variables: &impl Variables) -> Result<S, Unavailable> {
    let (section, findings) = read(variables, false).await;
    match section {
        Some(section) if findings.bad.is_empty() => Ok(section),
        _ => Err(Unavailable::Variables(names_of(&findings.bad))),
    }
}

/// What is wrong with the variables of a component.
pub async fn check<S: Section>(variables: &impl Variables) -> Findings {
    read::<S>(variables, true).await.1
}

/// The variables with findings, each once.
#[must_use]
pub fn names_of(findings: &[Finding]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for finding in findings {
        if !names.contains(&finding.name) {
            names.push(finding.name);
        }
    }
    names
}

/// The entries of a list, separated by commas or white space.
pub(super) fn entries(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|it: char| it == ',' || it.is_whitespace());
    parts.filter(|entry| !entry.is_empty())
}

async fn read<S: Section>(variables: &impl Variables, is_check: bool) -> (Option<S>, Findings) {
    // Reading a section without any values collects the names that it asks for.
    let values = Values::default();
    drop(S::read(&values));
    let mut values = find_all(variables, values.asked.into_inner()).await;
    values.is_check = is_check;
    let section = S::read(&values);
    let findings = Findings {
        bad: values.bad.into_inner(),
        warnings: values.warnings.into_inner(),
    };
    (section, findings)
}

async fn find_all(variables: &impl Variables, names: Vec<&'static str>) -> Values {
    let mut values = Values::default();
    for name in names {
        values.found.insert(name, variables.find(name).await);
    }
    values
}
