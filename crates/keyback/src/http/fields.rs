//! The members of a JSON object, read strictly: one object, no duplicate, no unknown member, no wrong type. Reports all
//! errors at once. A member that is `null` counts as absent, as in answers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http::problem::FieldError;
use crate::model::locale::Locale;
use crate::model::patched::Patched;

#[cfg(test)]
mod tests;

const INVALID: &str = "is not valid JSON";

/// The members that were not read yet, and the errors so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    members: BTreeMap<String, Value>,
    /// The members that are objects, as raw text: a [`Value`] hides duplicates.
    objects: BTreeMap<String, Box<RawValue>>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Parses one JSON object.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Vec<FieldError>> {
        let Members(pairs) = serde_json::from_slice(bytes).map_err(|error| {
            let detail = if error.is_data() {
                "must be a JSON object"
            } else {
                INVALID
            };
            vec![FieldError::whole(detail)]
        })?;
        let mut fields = Self::default();
        for (name, written) in pairs {
            let value: Value = serde_json::from_str(written.get())
                .map_err(|_| vec![FieldError::whole(INVALID)])?;
            match fields.members.entry(name) {
                Entry::Vacant(vacant) => {
                    if value.is_object() {
                        fields.objects.insert(vacant.key().clone(), written);
                    }
                    vacant.insert(value);
                }
                Entry::Occupied(occupied) => {
                    let error = FieldError::at(occupied.key(), "is duplicated");
                    fields.errors.push(error);
                }
            }
        }
        Ok(fields)
    }

    /// The members of an account that did not come as JSON.
    pub(super) fn of(members: BTreeMap<String, Value>) -> Self {
        Self {
            members,
            ..Self::default()
        }
    }

    /// Reads the text `name` with `parse`. If it is missing or refused, records the error and returns `None`.
    pub(super) fn text<T, F: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, F>,
    ) -> Option<T> {
        let text = self.optional_text(name, parse)?;
        if text.is_none() {
            self.refuse(name, "is missing");
        }
        text
    }

    #[expect(
        clippy::option_option,
        reason = "refused, absent and given are three things, and `?` tells the first from the others"
    )]
    /// Reads the optional text `name`. The outer `None`: it was refused, and the error is recorded.
    pub(super) fn optional_text<T, F: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, F>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            None => Some(None),
            Some(Value::String(text)) => match parse(&text) {
                Ok(parsed) => Some(Some(parsed)),
                Err(error) => {
                    self.refuse(name, &error.to_string());
                    None
                }
            },
            Some(_) => {
                self.refuse(name, "must be a string");
                None
            }
        }
    }

    #[expect(
        clippy::option_option,
        reason = "refused, absent and given are three things, and `?` tells the first from the others"
    )]
    /// Reads the optional language tag `locale`. An invalid one counts as none: it never prevents an email. The outer
    /// `None`: it is not a string, and the error is recorded.
    pub(super) fn locale(&mut self) -> Option<Option<Locale>> {
        let read = self.optional_text("locale", |text| Ok::<_, Infallible>(Locale::read(text)))?;
        Some(read.flatten())
    }

    /// Reads the boolean `name`, or `default` if it is absent.
    pub(super) fn boolean(&mut self, name: &str, default: bool) -> Option<bool> {
        match self.take(name) {
            None => Some(default),
            Some(Value::Bool(value)) => Some(value),
            Some(_) => {
                self.refuse(name, "must be true or false");
                None
            }
        }
    }

    #[expect(
        clippy::option_option,
        reason = "refused, absent and given are three things, and `?` tells the first from the others"
    )]
    /// Reads the optional boolean `name`. The outer `None`: it was refused, and the error is recorded.
    pub(super) fn optional_boolean(&mut self, name: &str) -> Option<Option<bool>> {
        match self.take(name) {
            None => Some(None),
            Some(Value::Bool(value)) => Some(Some(value)),
            Some(_) => {
                self.refuse(name, "must be true or false");
                None
            }
        }
    }

    #[expect(
        clippy::option_option,
        reason = "refused, absent and given are three things, and `?` tells the first from the others"
    )]
    /// Reads the optional whole seconds `name`. The outer `None`: they were refused, and the error is recorded.
    pub(super) fn optional_seconds(
        &mut self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<Option<Duration>> {
        let Some(value) = self.take(name) else {
            return Some(None);
        };
        match whole(&value) {
            Some(seconds) if range.contains(&seconds) => Some(Some(Duration::from_secs(seconds))),
            _ => {
                let (least, most) = (range.start(), range.end());
                self.refuse(
                    name,
                    &format!("must be a whole number of seconds from {least} to {most}"),
                );
                None
            }
        }
    }

    #[expect(
        clippy::option_option,
        reason = "refused, absent and given are three things, and `?` tells the first from the others"
    )]
    /// Reads the optional list of 1 to `most` texts `name`. The outer `None`: it was refused, and the errors are recorded.
    pub(super) fn optional_texts<T, F: fmt::Display>(
        &mut self,
        name: &str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, F>,
    ) -> Option<Option<Vec<T>>> {
        let values = match self.take(name) {
            None => return Some(None),
            Some(Value::Array(values)) if (1..=most).contains(&values.len()) => values,
            Some(_) => {
                self.refuse(name, &format!("must be a list of 1 to {most} strings"));
                return None;
            }
        };
        let mut texts = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let parsed = match value.as_str().map(&parse) {
                Some(Ok(parsed)) => {
                    texts.push(parsed);
                    continue;
                }
                Some(Err(error)) => error.to_string(),
                None => "must be a string".to_owned(),
            };
            let mut error = FieldError::at(name, &parsed);
            error.pointer = format!("{}/{index}", error.pointer);
            self.errors.push(error);
        }
        (texts.len() == values.len()).then_some(Some(texts))
    }

    #[expect(
        clippy::option_option,
        reason = "refused, absent and given are three things, and `?` tells the first from the others"
    )]
    /// Reads the optional object `name` with `read`. The outer `None`: something in it was refused, and each error is recorded
    /// with a pointer into it.
    pub(super) fn optional_object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        self.take(name).map_or(Some(None), |_| {
            let Some(written) = self.objects.remove(name) else {
                self.refuse(name, "must be an object");
                return None;
            };
            self.object(name, &written, read).map(Some)
        })
    }

    fn object<T>(
        &mut self,
        name: &str,
        written: &RawValue,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let (value, errors) = match Self::parse(written.get().as_bytes()) {
            Ok(mut inner) => (read(&mut inner), inner.finish()),
            Err(errors) => (None, errors),
        };
        let is_good = errors.is_empty();
        self.errors
            .extend(errors.into_iter().map(|error| FieldError {
                pointer: format!("/{name}{}", error.pointer),
                ..error
            }));
        value.filter(|_| is_good)
    }

    /// Refuses the member `name` if it is present, for the reason `detail`.
    pub(super) fn refuse_given(&mut self, name: &str, detail: &str) {
        if self.take(name).is_some() {
            self.refuse(name, detail);
        }
    }

    /// Reads the merge patch of the text `name`. `None`: it was refused, and the error is recorded.
    pub(super) fn patched_text<T, F: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, F>,
    ) -> Option<Patched<T>> {
        if self.members.get(name) == Some(&Value::Null) {
            self.members.remove(name);
            return Some(Patched::Removed);
        }
        let text = self.optional_text(name, parse)?;
        Some(text.map_or(Patched::Kept, Patched::Set))
    }

    /// Reads the merge patch of the language tag `locale`. An invalid one changes nothing.
    pub(super) fn patched_locale(&mut self) -> Option<Patched<Locale>> {
        let read = |text: &str| Ok::<_, Infallible>(Locale::read(text));
        Some(match self.patched_text("locale", read)? {
            Patched::Set(Some(locale)) => Patched::Set(locale),
            Patched::Set(None) | Patched::Kept => Patched::Kept,
            Patched::Removed => Patched::Removed,
        })
    }

    /// Refuses a merge patch that removes `name`, for the reason `detail`.
    pub(super) fn refuse_removal(&mut self, name: &str, detail: &str) {
        if self.members.get(name) == Some(&Value::Null) {
            self.members.remove(name);
            self.refuse(name, detail);
        }
    }

    /// Takes the member `name`, unless it is absent or `null`.
    fn take(&mut self, name: &str) -> Option<Value> {
        #[cfg(test)]
        crate::http::asked::note(name);
        self.members.remove(name).filter(|value| !value.is_null())
    }

    /// Records an error at the member `name`.
    pub(super) fn refuse(&mut self, name: &str, detail: &str) {
        self.errors.push(FieldError::at(name, detail));
    }

    /// All errors, including one for each member that was not read.
    pub(super) fn finish(mut self) -> Vec<FieldError> {
        for name in self.members.keys() {
            self.errors
                .push(FieldError::at(name, "is not a known member"));
        }
        self.errors
    }
}

/// A whole number, even if it is written with a zero fraction: to JSON Schema, 300.0 is an integer.
fn whole(value: &Value) -> Option<u64> {
    let written = || value.as_f64()?.to_string().parse().ok();
    value.as_u64().or_else(written)
}

/// An object's members in their order, duplicates included.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Members(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}
